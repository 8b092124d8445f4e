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

/** Calls back when another page has changed an entry; returns how to stop. */
export type WatchStorage = (
  onChange: (key: string | null, value: string | null) => void,
) => () => void;

const NEW_THREAD = "new";
const TEXT_KEY = "freshet.draft.";

export class Drafts {
  readonly #storage: DraftStorage | null;
  readonly #watch: WatchStorage;

  /** Without a storage nothing is kept. */
  constructor(
    storage: DraftStorage | null,
    watch: WatchStorage = () => () => {},
  ) {
    this.#storage = storage;
    this.#watch = watch;
  }

  /** Calls back with the text of a thread that another page has changed; returns how to stop. */
  watch(
    onChange: (threadId: string | null, text: string) => void,
  ): () => void {
    return this.#watch((key, value) => {
      if (!key?.startsWith(TEXT_KEY)) return;
      const id = key.slice(TEXT_KEY.length);
      onChange(id === NEW_THREAD ? null : id, value ?? "");
    });
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
    return this.#read(`${TEXT_KEY}${threadId ?? NEW_THREAD}`) ?? "";
  }

  keepText(threadId: string | null, text: string): void {
    const key = `${TEXT_KEY}${threadId ?? NEW_THREAD}`;
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
      return isWhole
        ? { id, content, createdAt, parentId: null, siblings: [id] }
        : null;
    } catch {
      return null;
    }
  }

  keepUnsent(threadId: string | null, question: Question | null): void {
    const key = `freshet.unsent.${threadId ?? NEW_THREAD}`;
    this.#write(key, question === null ? null : JSON.stringify(question));
  }
}
