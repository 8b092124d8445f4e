/**
 * What someone has written and the server has not got yet: the text in the composer, and a question
 * that was sent but not accepted. Both survive a reload.
 */
import type { Question } from "./turns.ts";

/** The part of `Storage` that is needed; a browser may refuse any of it. */
export type DraftStorage = Pick<
  Storage,
  "getItem" | "setItem" | "removeItem"
>;

const NEW_THREAD = "new";

export class Drafts {
  readonly #storage: DraftStorage | null;

  /** Without a storage nothing is kept. */
  constructor(storage: DraftStorage | null) {
    this.#storage = storage;
  }

  #read(key: string): string | null {
    try {
      return this.#storage?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }

  #write(key: string, value: string | null): void {
    try {
      if (value === null) this.#storage?.removeItem(key);
      else this.#storage?.setItem(key, value);
    } catch {
      // Full or refused: what is on the page stays there, it only does not survive a reload.
    }
  }

  /** Text of the composer of a thread; null is the thread that does not exist yet. */
  text(threadId: string | null): string {
    return this.#read(`freshet.draft.${threadId ?? NEW_THREAD}`) ?? "";
  }

  keepText(threadId: string | null, text: string): void {
    const key = `freshet.draft.${threadId ?? NEW_THREAD}`;
    this.#write(key, text === "" ? null : text);
  }

  /** The question that was sent in a thread and not accepted. */
  unsent(threadId: string | null): Question | null {
    const stored = this.#read(`freshet.unsent.${threadId ?? NEW_THREAD}`);
    if (stored === null) return null;
    try {
      const { id, content, createdAt } = JSON.parse(stored);
      const isWhole = [id, content, createdAt].every((part) =>
        typeof part === "string"
      );
      return isWhole ? { id, content, createdAt } : null;
    } catch {
      return null;
    }
  }

  keepUnsent(threadId: string | null, question: Question | null): void {
    const key = `freshet.unsent.${threadId ?? NEW_THREAD}`;
    this.#write(key, question === null ? null : JSON.stringify(question));
  }
}
