/** One thread as a file, piece by piece: JSON with every message, or Markdown of the branch on view. */
import { type MessageRecord, toMessage } from "@/lib/chat/records.ts";
import { showThreads, type ThreadTargets } from "@/lib/chat/thread_show.ts";
import type { ThreadStore } from "@/lib/chat/thread_store.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import type { ExportStore } from "./export_store.ts";
import { markdownHead, markdownMessage } from "./thread_markdown.ts";

export interface ThreadExportParts extends ThreadTargets {
  store: ExportStore;
  threads: Pick<ThreadStore, "readTexts">;
}

const MESSAGES_PER_READ = 20;

/** Texts are sent in pieces of about this size, in characters. */
const PIECE_CHARACTERS = 16_384;

export class ThreadExport {
  readonly #parts: ThreadExportParts;

  constructor(parts: ThreadExportParts) {
    this.#parts = parts;
  }

  /** Null: there is none, or it is a temporary or deleted one, which is in no export. */
  async find(
    space: string,
    id: string,
    signal: AbortSignal,
  ): Promise<Thread | null> {
    const found = await this.#parts.store.thread(space, id, signal);
    if (found === null) return null;
    const [thread] = await showThreads(space, [found], this.#parts);
    return thread;
  }

  /** Every message of a thread, nearly by time; `parentId` leads to the one it answers. */
  async *messages(
    space: string,
    thread: string,
    signal: AbortSignal,
  ): AsyncGenerator<Omit<Message, "siblings">, void, void> {
    const messages = this.#parts.store.messages(space, thread, signal);
    for await (const [message, text] of this.#withTexts(messages)) {
      const { siblings: _known, ...shown } = toMessage(message, text, []);
      yield shown;
    }
  }

  /** `{"thread":…,"messages":[…]}`, a message a line. */
  async *json(
    space: string,
    thread: Thread,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    yield `{"thread":${JSON.stringify(thread)},"messages":[`;
    let before = "\n";
    for await (const message of this.messages(space, thread.id, signal)) {
      yield before + JSON.stringify(message);
      before = ",\n";
    }
    yield "\n]}\n";
  }

  /** The branch on view. */
  async *markdown(
    space: string,
    thread: Thread,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const { store } = this.#parts;
    yield markdownHead(thread);
    const parents = new Map<string, string | null>();
    for await (
      const { id, parentId } of store.messages(space, thread.id, signal)
    ) {
      parents.set(id, parentId);
    }
    const branch: string[] = [];
    for (
      let id = thread.headMessageId;
      id !== null && parents.has(id);
      id = parents.get(id) ?? null
    ) {
      branch.push(id);
    }
    branch.reverse();
    for (let from = 0; from < branch.length; from += MESSAGES_PER_READ) {
      const found = await store.messagesById(
        space,
        thread.id,
        branch.slice(from, from + MESSAGES_PER_READ),
        signal,
      );
      for await (const [message, text] of this.#withTexts(found)) {
        yield markdownMessage(message, text);
      }
    }
  }

  /** One text at a time: a long one may have a megabyte. */
  async *#withTexts(
    messages: AsyncIterable<MessageRecord> | Iterable<MessageRecord>,
  ): AsyncGenerator<[MessageRecord, string], void, void> {
    for await (const message of messages) {
      const [text] = await this.#parts.threads.readTexts([message.text]);
      yield [message, text];
    }
  }
}

/** Texts in UTF-8, long ones in pieces. */
export async function* encoded(
  texts: AsyncIterable<string>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const encoder = new TextEncoder();
  for await (const text of texts) {
    for (let at = 0; at < text.length;) {
      // A pair of surrogates is not to be cut.
      const end = at + PIECE_CHARACTERS;
      const isPair = /[\ud800-\udbff]/.test(text[end - 1] ?? "");
      const piece = text.slice(at, isPair ? end + 1 : end);
      at += piece.length;
      yield encoder.encode(piece);
    }
  }
}
