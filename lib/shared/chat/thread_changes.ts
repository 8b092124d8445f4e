/** Changes of a thread from the browser. Each is meant for the version that was on view. */
import type { Page, Thread } from "@/lib/shared/wire.ts";
import { type ChatRequests, RequestRefused } from "./requests.ts";
import { tellNews } from "./thread_news.ts";

/** What of a thread can be changed. */
export type ThreadChange = Partial<
  Pick<Thread, "title" | "pinned" | "archived" | "headMessageId">
>;

/** The thread was changed elsewhere in the very place that was to be changed. */
export class ChangedElsewhere extends Error {
  override readonly name = "ChangedElsewhere";
  /** As it is now. */
  readonly thread: Thread;

  constructor(thread: Thread) {
    super("Thread was changed elsewhere");
    this.thread = thread;
  }
}

const isStale = (error: unknown) =>
  error instanceof RequestRefused && error.refusal.status === 412;

/** Which thread is meant, and what of it was on view; what is left out may be changed in any case. */
export type KnownThread =
  & Pick<Thread, "id" | "version">
  & Partial<Pick<Thread, "title" | "pinned" | "archived">>;

/** What the page knows of a thread wherever it shows one. */
export type ThreadFacts = Pick<
  Thread,
  "id" | "version" | "title" | "pinned" | "archived" | "temporary"
>;

/**
 * Changes a thread and tells the page. Where it was changed elsewhere meanwhile, the change is tried once
 * more if it touches nothing that somebody else has touched.
 * @throws {ChangedElsewhere | RequestRefused}
 */
export async function changeThread(
  requests: ChatRequests,
  known: KnownThread,
  change: ThreadChange,
): Promise<Thread> {
  const patch = async (version: number): Promise<Thread> => {
    const response = await requests.send(`/api/threads/${known.id}`, {
      method: "PATCH",
      headers: {
        "content-type": "application/json",
        "if-match": `"${version}"`,
      },
      body: JSON.stringify(change),
    });
    return await response.json();
  };
  let thread: Thread;
  try {
    thread = await patch(known.version);
  } catch (error) {
    if (!isStale(error)) throw error;
    const now = await requests.thread(known.id);
    tellNews({ kind: "changed", thread: now });
    const fields = Object.keys(change) as (keyof ThreadChange)[];
    const isTouched = fields.some((field) =>
      field !== "headMessageId" && field in known &&
      now[field] !== known[field] && now[field] !== change[field]
    );
    if (isTouched) throw new ChangedElsewhere(now);
    thread = await patch(now.version);
  }
  tellNews({ kind: "changed", thread });
  return thread;
}

/** Deletes a thread; `restoreThread` takes that back for 30 s. @throws {RequestRefused} */
export async function deleteThread(
  requests: ChatRequests,
  known: KnownThread,
): Promise<void> {
  const remove = (version: number) =>
    requests.send(`/api/threads/${known.id}`, {
      method: "DELETE",
      headers: { "if-match": `"${version}"` },
    });
  try {
    await remove(known.version);
  } catch (error) {
    if (!isStale(error)) throw error;
    // Nothing is lost by it: what changed elsewhere comes back with the thread.
    await remove((await requests.thread(known.id)).version);
  }
}

/** Brings a deleted thread back. @throws {RequestRefused} 404 when it is too late */
export async function restoreThread(
  requests: ChatRequests,
  threadId: string,
): Promise<Thread> {
  const response = await requests.send(`/api/threads/${threadId}/restore`, {
    method: "POST",
  });
  const thread: Thread = await response.json();
  tellNews({ kind: "changed", thread });
  return thread;
}

/** One page of the list of threads, newest activity first. @throws {RequestRefused} */
export async function listThreads(
  requests: ChatRequests,
  query: { limit: number; cursor?: string | null; archived?: boolean },
): Promise<Page<Thread>> {
  const search = new URLSearchParams({ limit: String(query.limit) });
  if (query.cursor) search.set("cursor", query.cursor);
  if (query.archived) search.set("archived", "true");
  return await (await requests.send(`/api/threads?${search}`)).json();
}
