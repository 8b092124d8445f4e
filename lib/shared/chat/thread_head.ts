/** What a thread is called and whether it is running, in the page's head and in the navigation. */
import { type Signal, signal } from "@preact/signals";
import type { Thread } from "@/lib/shared/wire.ts";
import { type ChatRequests, RequestRefused } from "./requests.ts";
import { type ThreadRow, toThreadRow, withRow } from "./thread_rows.ts";

export class ThreadHead {
  /** Null while the first question of a new thread has not been asked. */
  readonly thread: Signal<Thread | null>;
  readonly #rows: Signal<ThreadRow[]>;
  #isRunning = false;

  constructor(thread: Thread | null, rows: Signal<ThreadRow[]>) {
    this.thread = signal(thread);
    this.#rows = rows;
  }

  get id(): string | null {
    return this.thread.peek()?.id ?? null;
  }

  /** Shows in the navigation whether an answer is being written, at this moment. */
  mark(isRunning: boolean, nowMs: number): void {
    const thread = this.thread.peek();
    if (thread === null) return;
    this.#isRunning = isRunning;
    const updatedAt = new Date(nowMs).toISOString();
    const row = { ...toThreadRow({ ...thread, updatedAt }), isRunning };
    this.#rows.value = withRow(this.#rows.peek(), row);
  }

  /** Takes the title that the server has given the thread with its first question. */
  async askTitle(requests: ChatRequests, nowMs: number): Promise<void> {
    const thread = this.thread.peek();
    if (thread === null) return;
    try {
      const { title, titleSource } = await requests.thread(thread.id);
      this.thread.value = { ...thread, title, titleSource };
      this.mark(this.#isRunning, nowMs);
    } catch (error) {
      // The old title stays until the next page.
      if (!(error instanceof RequestRefused)) throw error;
    }
  }
}
