import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Trouble } from "@/components/jobs/Trouble.tsx";
import { useNow } from "@/components/jobs/use_now.ts";
import { NotificationItem } from "@/components/notifications/NotificationItem.tsx";
import { announce, announcement } from "@/lib/shared/announce.ts";
import {
  markAllRead,
  markNotification,
  readNotifications,
} from "@/lib/shared/notifications/notification_requests.ts";
import type { Notification } from "@/lib/shared/wire.ts";

export interface NotificationListProps {
  items: Notification[];
  unread: number;
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
  /** This page's query, with `?` or empty; it is also where forms lead back to. */
  query: string;
  /** Whether it begins with the newest. */
  isFirst: boolean;
}

const FAILED = "The server did not take that. Nothing was changed.";

/** Notifications of a page, followed as they come and marked as they are read. */
export default function NotificationList(
  props: NotificationListProps,
): VNode {
  const { query, isFirst } = props;
  const nowMs = useNow(props.nowMs);
  const [items, setItems] = useState(props.items);
  const [unread, setUnread] = useState(props.unread);
  const [newer, setNewer] = useState<Notification[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const shown = useRef(props.items);

  const show = (next: Notification[]) => {
    shown.current = next;
    setItems(next);
  };
  const replace = (changed: Notification) =>
    show(
      shown.current.map((each) => each.id === changed.id ? changed : each),
    );

  useEffect(() => {
    const read = async () => {
      const fresh = await readNotifications(query);
      setUnread(fresh.unread);
      const byId = new Map(fresh.items.map((each) => [each.id, each]));
      const there = new Set(shown.current.map(({ id }) => id));
      // What was read elsewhere keeps its place until the page is left.
      show(shown.current.map((each) => byId.get(each.id) ?? each));
      if (isFirst) setNewer(fresh.items.filter(({ id }) => !there.has(id)));
    };
    let isGone = false;
    let stop = () => {};
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on("notifications", ({ type }) => {
        if (type !== "channel.refused") void read().catch(() => {});
      });
    });
    return () => {
      isGone = true;
      stop();
    };
  }, []);

  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      setTrouble(null);
    } catch {
      setTrouble(FAILED);
      announce(FAILED);
    }
  };
  const mark = (id: string, read: boolean) =>
    attempt(async () => replace(await markNotification(id, read)));
  const markAll = () =>
    attempt(async () => {
      await markAllRead();
      show(shown.current.map((each) => ({ ...each, read: true })));
      setUnread(0);
      announce("All notifications marked as read");
    });

  return (
    <>
      <div class="btn-row">
        <form
          method="post"
          action="/notifications"
          onSubmit={(event) => {
            event.preventDefault();
            void markAll();
          }}
        >
          <input type="hidden" name="action" value="read-all" />
          <input type="hidden" name="query" value={query} />
          <button class="btn btn-small" type="submit" disabled={unread === 0}>
            Mark all as read
          </button>
        </form>
        {newer.length > 0 && (
          <button
            class="btn btn-small"
            type="button"
            onClick={() => {
              show([...newer, ...shown.current]);
              setNewer([]);
            }}
          >
            Show {newer.length} new
          </button>
        )}
      </div>
      {items.length > 0 && (
        <ul class="notes mt-4">
          {items.map((item) => (
            <NotificationItem
              key={item.id}
              item={item}
              nowMs={nowMs}
              query={query}
              onMark={mark}
            />
          ))}
        </ul>
      )}
      <Trouble message={trouble} onClose={() => setTrouble(null)} />
      <p class="sr" role="status">{announcement.value}</p>
    </>
  );
}
