/** News of threads from the server's live channel. */
import { openLive } from "@/lib/shared/live/open_live.ts";
import { pageWatch } from "./browser_tools.ts";
import {
  browserFetch,
  ChatRequests,
  type Fetch,
  RequestRefused,
} from "./requests.ts";
import { noteSignIn } from "./signed_out.ts";
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

/** The connection ends with the session: what the next attempt is answered says whether it did. */
const watchedFetch: Fetch = async (path, init) => {
  const response = await browserFetch(path, init);
  noteSignIn(response.status);
  return response;
};

/** Tells the page what happens to threads, wherever it was done; returns how to stop. */
export function followThreads(): () => void {
  let hasCaughtUp = false;
  const live = openLive({
    channels: ["threads"],
    fetch: watchedFetch,
    page: pageWatch,
    onEvent(message) {
      if (message.type === "hello" || message.type === "events.lost") {
        if (message.type === "hello" && hasCaughtUp) return;
        hasCaughtUp = true;
        void catchUp();
      } else if ("channel" in message) {
        const { thread, threadId } = message.data;
        if (thread) tellNews({ kind: "changed", thread });
        else if (thread === null || message.type === "thread.deleted") {
          tellNews({ kind: "deleted", threadId });
        }
      }
    },
  });
  return () => live.close();
}
