import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClock } from "@/components/chat/use_clock.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import { PageHead } from "@/components/PageHead.tsx";
import { NoRequest, NoRequests } from "@/components/requests/NoRequests.tsx";
import { RequestFilters } from "@/components/requests/RequestFilters.tsx";
import { RequestItem } from "@/components/requests/RequestItem.tsx";
import { RequestPane } from "@/components/requests/RequestPane.tsx";
import { RequestReach } from "@/components/requests/RequestReach.tsx";
import { useRequestNews } from "@/components/requests/use_request_news.ts";
import { useSearchOn } from "@/components/requests/use_search_on.ts";
import { announce, announcement } from "@/lib/shared/announce.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { readPage } from "@/lib/shared/jobs/job_requests.ts";
import { requestQuery } from "@/lib/shared/requests/request_filter.ts";
import {
  countNewer,
  withFresh,
  withOlder,
} from "@/lib/shared/requests/request_merge.ts";
import type {
  RequestDetail,
  RequestsView,
} from "@/lib/shared/requests/request_view.ts";
import { stateWord } from "@/lib/shared/requests/request_words.ts";

export interface RequestsProps {
  view: RequestsView;
  /** The request that the address names, or null: there is no record of it. */
  detail: RequestDetail | null;
  /** Id that the address names; null: none. */
  asked: string | null;
  clock: Clock;
  /** What the workspace is called. */
  workspace: string;
  /** How long records are kept, in days. */
  keptDays: number;
}

const PATH = "/admin/requests";

/** From this width on list and detail stand beside each other. */
const IS_WIDE = "(min-width: 52.01rem)";

/** Requests as a list beside the one that is looked at, followed as new ones end. */
export default function Requests(props: RequestsProps): VNode {
  const { workspace, keptDays } = props;
  const [view, setView] = useState(props.view);
  const [detail, setDetail] = useState(props.detail);
  const [asked, setAsked] = useState(props.asked);
  const [isFollowing, setFollowing] = useState(true);
  const [held, setHeld] = useState<RequestsView | null>(null);
  const [isAlive, setAlive] = useState(false);
  const listRef = useRef<HTMLDivElement>(null);
  /** Whether what is opened gets the focus, as by keyboard: its links are many steps away else. */
  const takesFocus = useRef(false);
  const now = useRef({ view, asked, isFollowing });
  now.current = { view, asked, isFollowing };
  const nowMs = useNow(view.nowMs);
  const { timeZone } = useClock(props.clock);
  const clock = { nowMs, timeZone };
  const { filter, cursor, rows } = view;
  const isFirst = cursor === null;

  const open = async (id: string) => {
    setAsked(id);
    const path = `${PATH}/${id}`;
    try {
      const found = await readPage<{ detail: RequestDetail | null }>(path);
      if (now.current.asked !== id) return;
      setDetail(found.detail);
      if (found.detail !== null) {
        announce(`${id}: ${stateWord(found.detail).word}`);
      }
    } catch {
      // The page itself says what is wrong.
      location.assign(path);
    }
  };

  useEffect(() => {
    if (!takesFocus.current || detail === null) return;
    takesFocus.current = false;
    document.getElementById("rid")?.focus();
  }, [detail]);

  useEffect(() => {
    setAlive(true);
    const onPop = () => {
      const id = location.pathname.slice(PATH.length + 1);
      if (id === "") {
        listRef.current?.querySelector<HTMLElement>("[aria-current]")?.focus();
        setAsked(null);
        setDetail(null);
      } else void open(id);
    };
    addEventListener("popstate", onPop);
    return () => removeEventListener("popstate", onPop);
  }, []);

  useRequestNews(isFirst, async () => {
    const query = requestQuery(now.current.view.filter);
    const fresh = withFresh(
      now.current.view,
      await readPage<RequestsView>(`${PATH}${query}`),
    );
    const isBusy = listRef.current?.matches(
      ":hover, :has(:focus-visible)",
    ) ?? false;
    // What is read or pointed at keeps its place.
    if (now.current.isFollowing && !isBusy) show(fresh);
    else if (countNewer(now.current.view, fresh) > 0) setHeld(fresh);
    const { asked: id, view: shown } = now.current;
    const isRunning = shown.rows.some((row) =>
      row.id === id && row.status === "running"
    );
    if (id !== null && isRunning) await open(id);
  });

  const show = (next: RequestsView) => {
    setView(next);
    setHeld(null);
  };

  const { isLooking, stop } = useSearchOn(props.view, (older) => {
    setView((before) => withOlder(before, older));
    // What is held was put together without these.
    setHeld(null);
  });

  const onOpen = (event: MouseEvent, id: string) => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey &&
      !event.shiftKey && !event.altKey;
    if (!isPlain || !matchMedia(IS_WIDE).matches) return;
    event.preventDefault();
    // A press of Enter is a click without a pointer.
    takesFocus.current = event.detail === 0;
    history.pushState(
      null,
      "",
      `${PATH}/${id}${requestQuery(filter, { cursor })}`,
    );
    void open(id);
  };

  const onSubmit = (event: SubmitEvent) => {
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    event.preventDefault();
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(event.currentTarget)) {
      if (typeof value === "string" && value.trim() !== "") {
        query.set(name, value.trim());
      }
    }
    location.assign(`${PATH}?${query}`);
  };

  const newer = held === null ? 0 : countNewer(view, held);
  return (
    <>
      <PageHead
        tools={isAlive && isFirst && (
          <button
            class="btn btn-quiet"
            type="button"
            aria-pressed={isFollowing}
            onClick={() => setFollowing(!isFollowing)}
          >
            {isFollowing && <span class="flow tail" aria-hidden="true" />}
            {isFollowing ? "Following" : "Follow"}
          </button>
        )}
      >
        <span class="cut hide-phone">{workspace}</span>
        <span class="faint hide-phone" aria-hidden="true">/</span>
        {asked === null
          ? <span class="cut" aria-current="page">Requests</span>
          : (
            <a href={`${PATH}${requestQuery(filter, { cursor })}`}>
              Requests
            </a>
          )}
        {asked !== null && (
          <>
            <span class="faint" aria-hidden="true">/</span>
            <span class="cut mono" aria-current="page">{asked}</span>
          </>
        )}
      </PageHead>
      {asked === null && <h1 class="sr">Requests</h1>}
      <div class="requests" data-asked={asked !== null}>
        <RequestFilters
          filter={filter}
          errors={view.errors}
          labels={view.labels}
          failedToday={view.failedToday}
          onSubmit={onSubmit}
        />
        <div class="duo">
          <div
            class="duo-list"
            tabIndex={0}
            role="region"
            aria-label="Requests, newest first"
            ref={listRef}
          >
            {held !== null && newer > 0 && (
              <button
                class="btn btn-quiet requests-newer"
                type="button"
                onClick={() => show(held)}
              >
                Show {newer === rows.length + 1
                  ? "new requests"
                  : `${formatPlural(newer, "new request")}`}
              </button>
            )}
            {rows.map((row) => (
              <RequestItem
                key={row.id}
                request={row}
                href={`${PATH}/${row.id}${requestQuery(filter, { cursor })}`}
                isCurrent={row.id === asked}
                clock={clock}
                onOpen={onOpen}
              />
            ))}
            {rows.length === 0 && !isLooking && <NoRequests view={view} />}
            {Object.keys(view.errors).length === 0 && (
              <RequestReach
                view={view}
                clock={clock}
                isLooking={isLooking}
                onStop={stop}
              />
            )}
          </div>
          <section class="duo-detail" id="detail" aria-label="Request">
            {asked === null
              ? (
                <p class="soft requests-none">
                  Choose a request to see its stages, attempts, headers, tokens
                  and cost. The id of a request or a run, such as a program has
                  it from{" "}
                  <code>x-request-id</code>, finds it at once. Slow is what took
                  5 s to its first token, 30 s in all, or 1 s in Freshet itself.
                  Times are in {timeZone}.
                </p>
              )
              : detail === null
              ? <NoRequest keptDays={keptDays} />
              : (
                <RequestPane
                  key={detail.id}
                  request={detail}
                  clock={clock}
                  bodiesPath={`${PATH}/${detail.id}${
                    withBodies(requestQuery(filter, { cursor }))
                  }`}
                />
              )}
          </section>
        </div>
      </div>
      <p class="sr" role="status">{announcement.value}</p>
    </>
  );
}

function withBodies(query: string): string {
  return `${query === "" ? "?" : `${query}&`}show=bodies#bodies`;
}
