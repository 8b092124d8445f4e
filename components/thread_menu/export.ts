/** Has a thread made into a file, which is to be had from the job that makes it. */
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { ThreadPlace } from "./place.ts";
import { showToast } from "./toast.ts";

/** How long the way to the file is offered, in milliseconds. */
const OFFERED_MS = 15_000;

const requests = new ChatRequests(browserFetch);

export async function exportThread(
  { thread }: ThreadPlace,
  format: "json" | "markdown",
): Promise<void> {
  let job: Job;
  try {
    const response = await requests.send("/api/jobs", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        kind: "thread.export",
        input: { threadId: thread.id, format },
        priority: "interactive",
      }),
    });
    job = await response.json();
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    showToast(error.refusal.message);
    return;
  }
  showToast("The thread is being exported", {
    label: "Go to the file",
    forMs: OFFERED_MS,
    run: () => location.assign(`/jobs/${job.id}`),
  });
}
