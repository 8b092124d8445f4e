/** News of threads from the server's live channel. */
import { live } from "@/lib/shared/live/live_client.ts";
import { browserFetch, ChatRequests, RequestRefused } from "./requests.ts";
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

/** Tells the page what happens to threads, wherever it was done; returns how to stop. */
export function followThreads(): () => void {
  return live().on("threads", (event) => {
    if (event.id === null) {
      if (event.type !== "channel.refused") void catchUp();
      return;
    }
    const { thread, threadId } = event.data;
    if (thread) tellNews({ kind: "changed", thread });
    else if (
      threadId !== undefined &&
      (thread === null || event.type === "thread.deleted")
    ) tellNews({ kind: "deleted", threadId });
  });
}
