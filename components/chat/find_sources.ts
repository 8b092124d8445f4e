/** Finds what the last answer of a thread was given from documents. */
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import type { Message, Page } from "@/lib/shared/wire.ts";
import type { AnswerSource } from "./AnswerSources.tsx";

/** Empty: the answer was given nothing, or nobody knows any more. */
export async function findSources(thread: string): Promise<AnswerSource[]> {
  const requests = new ChatRequests(browserFetch);
  const read = async <T>(path: string): Promise<T[]> => {
    const page: Page<T> = await (await requests.send(path)).json();
    return page.items;
  };
  try {
    const [last] = await read<Message>(
      `/api/threads/${thread}/messages?limit=1`,
    );
    if (!last?.runId) return [];
    return await read(`/api/runs/${last.runId}/sources`);
  } catch (error) {
    // Runs are kept for a while only, and the answer stands without.
    if (error instanceof RequestRefused) return [];
    throw error;
  }
}
