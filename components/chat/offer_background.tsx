/** Offers to be told of the end of an answer that takes its time. Loaded once the page is there. */
import { render } from "preact";
import { onNews } from "@/lib/shared/chat/thread_news.ts";
import { BackgroundOffer } from "./BackgroundOffer.tsx";

/** A shorter answer is waited for, in milliseconds. */
const OFFER_AFTER_MS = 2_000;
/** Where `ChatBody` leaves room for it. */
const PLACE = "away";

function isOnView(thread: string): boolean {
  return location.pathname === `/c/${thread}`;
}

/** Offers it for the thread on view until the returned function is called. */
export function offerBackground(): () => void {
  let runId: string | null = null;
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
  const stop = onNews((news) => {
    if (news.kind !== "changed" || !isOnView(news.thread.id)) return;
    const { activeRunId } = news.thread;
    if (activeRunId === runId) return;
    if (activeRunId === null) clear();
    else offer(activeRunId);
  });
  return () => {
    stop();
    clear();
  };
}
