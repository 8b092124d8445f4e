/**
 * What stands over the composer: the offer to be told of the end of an answer that takes its time, then what
 * the answer was given from documents. Loaded once the page is there.
 */
import { render } from "preact";
import { onNews } from "@/lib/shared/chat/thread_news.ts";
import { AnswerSources } from "./AnswerSources.tsx";
import { BackgroundOffer } from "./BackgroundOffer.tsx";
import { findSources } from "./find_sources.ts";

/** A shorter answer is waited for, in milliseconds. */
const OFFER_AFTER_MS = 2_000;
/** Where `ChatBody` leaves room for it. */
const PLACE = "away";

function isOnView(thread: string): boolean {
  return location.pathname === `/c/${thread}`;
}

/** Does so for the thread on view until the returned function is called. */
export function offerBackground(): () => void {
  let runId: string | null = null;
  /** The state of the thread whose sources were looked for. */
  let lookedAt = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const place = () => document.getElementById(PLACE);
  const clear = () => {
    clearTimeout(timer);
    runId = null;
    const there = place();
    if (there !== null) render(null, there);
  };
  const offer = (run: string) => {
    clear();
    runId = run;
    timer = setTimeout(() => {
      const there = place();
      if (there !== null) render(<BackgroundOffer runId={run} />, there);
    }, OFFER_AFTER_MS);
  };
  const showSources = async (thread: string, state: string) => {
    lookedAt = state;
    const sources = await findSources(thread);
    const there = place();
    if (there === null || runId !== null || lookedAt !== state) return;
    render(
      sources.length === 0 ? null : <AnswerSources sources={sources} />,
      there,
    );
  };
  const stop = onNews((news) => {
    if (news.kind !== "changed" || !isOnView(news.thread.id)) return;
    const { id, activeRunId, projectId, updatedAt } = news.thread;
    if (activeRunId !== null) {
      if (activeRunId !== runId) offer(activeRunId);
      return;
    }
    if (runId !== null) clear();
    const state = `${projectId} ${updatedAt}`;
    if (projectId !== null && state !== lookedAt) void showSources(id, state);
  });
  return () => {
    stop();
    clear();
  };
}
