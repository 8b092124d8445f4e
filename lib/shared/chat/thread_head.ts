/** What a thread is called and how it stands, in the page's head and in the navigation. */
import { type Signal, signal } from "@preact/signals";
import type { LiveThread } from "@/lib/shared/live/live_wire.ts";
import type { Thread } from "@/lib/shared/wire.ts";
import { type ChatRequests, RequestRefused } from "./requests.ts";
import { type ThreadRow, toThreadRow, withRow } from "./thread_rows.ts";

export class ThreadHead {
  /** Null while the first question of a new thread has not been asked. */
  readonly thread: Signal<Thread | null>;
  /** Whether something has ended that the server does not know to be read. */
  isUnseen: boolean;
  readonly #rows: Signal<ThreadRow[]>;

  constructor(thread: Thread | null, rows: Signal<ThreadRow[]>) {
    this.thread = signal(thread);
    this.isUnseen = thread?.unread ?? false;
    this.#rows = rows;
  }

  get id(): string | null {
    return this.thread.peek()?.id ?? null;
  }

  #showRow(row: ThreadRow): void {
    const { temporary, archived } = this.thread.peek()!;
    if (temporary || archived) return;
    this.#rows.value = withRow(this.#rows.peek(), row);
  }

  /** Shows in the navigation whether an answer is being written, at this moment. */
  mark(isRunning: boolean, nowMs: number): void {
    const thread = this.thread.peek();
    if (thread === null) return;
    const updatedAt = new Date(nowMs).toISOString();
    this.#showRow({ ...toThreadRow({ ...thread, updatedAt }), isRunning });
  }

  /** Takes what became known about the thread; what is older than what is shown says nothing. */
  take(news: LiveThread): void {
    const known = this.thread.peek();
    if (known === null || known.version > news.version) return;
    this.thread.value = { ...known, ...news };
    if (news.unread) this.isUnseen = true;
  }

  /** Takes the title that the server has given the thread with its first question. */
  async askTitle(requests: ChatRequests): Promise<void> {
    const id = this.id;
    if (id === null) return;
    try {
      const thread = await requests.thread(id);
      this.take(thread);
      const { title } = this.thread.peek()!;
      const row = this.#rows.peek().find((each) => each.id === id);
      if (row !== undefined) this.#showRow({ ...row, title });
    } catch (error) {
      // The old title stays until the next page.
      if (!(error instanceof RequestRefused)) throw error;
    }
  }

  /** Tells the server that what has ended is read, if it does not know. */
  async markRead(requests: ChatRequests): Promise<void> {
    const thread = this.thread.peek();
    if (thread === null || !this.isUnseen || thread.temporary) return;
    this.isUnseen = false;
    const row = this.#rows.peek().find(({ id }) => id === thread.id);
    if (row?.isUnread) this.#showRow({ ...row, isUnread: false });
    try {
      await requests.markRead(thread.id);
    } catch (error) {
      // It stays unread on the server until it is opened the next time.
      if (!(error instanceof RequestRefused)) throw error;
    }
  }
}
