/** News of threads from the server's live channel. */
import { openLive } from "@/lib/shared/live/open_live.ts";
import { pageWatch } from "./browser_tools.ts";
import {
  browserFetch,
  ChatRequests,
  type Fetch,
  RequestRefused,
} from "./requests.ts";
import { listThreads } from "./thread_changes.ts";
import { tellNews } from "./thread_news.ts";
import { LISTED_THREADS } from "./thread_rows.ts";

/** Takes the newest threads as they are now: what happened before the connection was up is in there. */
async function catchUp(): Promise<void> {
  try {
    const requests = new ChatRequests(browserFetch);
    const { items } = await listThreads(requests, { limit: LISTED_THREADS });
    for (const thread of items) tellNews({ kind: "changed", thread });
  } catch (error) {
    // What happens from now on is told all the same.
    if (!(error instanceof RequestRefused)) throw error;
  }
}

/**
 * Tells the page what happens to threads, wherever it was done; returns how to stop.
 * @param onStatus hears how each attempt to listen was answered: with 401 once the session has ended
 */
export function followThreads(
  onStatus: (status: number) => void,
): () => void {
  let hasCaughtUp = false;
  const heardFetch: Fetch = async (path, init) => {
    const response = await browserFetch(path, init);
    onStatus(response.status);
    return response;
  };
  const live = openLive({
    channels: ["threads"],
    fetch: heardFetch,
    page: pageWatch,
    onEvent(message) {
      if (message.type === "hello" || message.type === "events.lost") {
        if (message.type === "hello" && hasCaughtUp) return;
        hasCaughtUp = true;
        void catchUp();
      } else if ("channel" in message) {
        const { thread, threadId } = message.data;
        if (thread) tellNews({ kind: "changed", thread });
        else if (
          threadId !== undefined &&
          (thread === null || message.type === "thread.deleted")
        ) {
          tellNews({ kind: "deleted", threadId });
        }
      }
    },
  });
  return () => live.close();
}
