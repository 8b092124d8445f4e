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

/** Calls back when another page has changed an entry, with what was there before; returns how to stop. */
export type WatchStorage = (
  onChange: (
    key: string | null,
    value: string | null,
    before: string | null,
  ) => void,
) => () => void;

const textKey = (threadId: string | null) =>
  `freshet.draft.${threadId ?? "new"}`;
const unsentKey = (threadId: string | null) =>
  `freshet.unsent.${threadId ?? "new"}`;

export class Drafts {
  readonly #storage: DraftStorage | null;
  readonly #watch: WatchStorage;
  /** Texts that this tab does not share, since another one writes something else in the same place. */
  readonly #own: DraftStorage | null;

  /** Without a storage nothing is kept. */
  constructor(
    storage: DraftStorage | null,
    watch: WatchStorage = () => () => {},
    own: DraftStorage | null = null,
  ) {
    this.#storage = storage;
    this.#watch = watch;
    this.#own = own;
  }

  /**
   * Calls back when another page has changed the text of the thread that `threadId` gives, with what it
   * was before; not for a text that this tab has for itself. Returns how to stop.
   */
  watch(
    threadId: () => string | null,
    onChange: (text: string, before: string) => void,
  ): () => void {
    return this.#watch((key, value, before) => {
      if (key !== textKey(threadId()) || this.#read(key, this.#own)) return;
      onChange(value ?? "", before ?? "");
    });
  }

  #read(key: string, from = this.#storage): string | null {
    try {
      return from?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }

  #write(key: string, value: string | null, to = this.#storage): void {
    try {
      if (value === null) to?.removeItem(key);
      else to?.setItem(key, value);
    } catch {
      // Full or refused: what is on the page stays there, it only does not survive a reload.
    }
  }

  /** Text of the composer of a thread; null is the thread that does not exist yet. */
  text(threadId: string | null): string {
    const key = textKey(threadId);
    return this.#read(key, this.#own) ?? this.#read(key) ?? "";
  }

  /**
   * Keeps the text of a composer.
   * @param isOwn for this tab alone, until it is sent or emptied: what other tabs share stays theirs
   */
  keepText(threadId: string | null, text: string, isOwn = false): void {
    const key = textKey(threadId);
    const place = isOwn || this.#read(key, this.#own)
      ? this.#own
      : this.#storage;
    this.#write(key, text || null, place);
  }

  /** The question that was sent in a thread and not accepted. */
  unsent(threadId: string | null): Question | null {
    const stored = this.#read(unsentKey(threadId));
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
    const value = question && JSON.stringify(question);
    this.#write(unsentKey(threadId), value);
  }
}
