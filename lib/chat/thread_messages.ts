/** Messages of a thread as the routes and pages show them: a branch or all, page by page. */
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Message } from "@/lib/shared/wire.ts";
import { formatPosition } from "@/lib/streams/position.ts";
import { invalidCursor } from "./id_cursor.ts";
import { headOf, type MessageRecord, toMessage } from "./records.ts";
import { textOf } from "./run_events.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import type { LoadedThread, ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";

/** A page of messages, oldest first. The first page holds the newest ones, later pages older ones. */
export interface MessagePage {
  messages: Message[];
  /** Id of the oldest message here; null when nothing is older. */
  nextCursor: string | null;
  /** SSE id up to which a streaming answer's `content` goes; null when nothing streams here. */
  lastEventId: string | null;
}

export class ThreadMessages {
  readonly #store: ThreadStore;
  readonly #runStore: RunStore;
  readonly #runs: Runs;

  constructor(store: ThreadStore, runStore: RunStore, runs: Runs) {
    this.#store = store;
    this.#runStore = runStore;
    this.#runs = runs;
  }

  /**
   * A page of the branch on view, or of all messages. A cursor stays good when the branch on view
   * changes: what is older than a message does not.
   * @param whole all messages by the time of their making, whichever branch they are of
   * @throws {AppError} 400 for a cursor that no page gave
   */
  async page(
    space: string,
    { record, activity }: LoadedThread,
    { limit, cursor }: PageQuery,
    whole: boolean,
  ): Promise<MessagePage> {
    const tree = new MessageTree(
      await this.#store.readMessages(space, record.id),
    );
    const end = cursor === null ? null : tree.get(cursor);
    if (end === undefined) throw invalidCursor();
    const upTo = whole
      ? tree.before(end?.id ?? null)
      : tree.branch(end === null ? headOf(record, activity) : end.parentId);
    const shown = upTo.slice(-limit);
    const isAll = shown.length === upTo.length;
    return {
      ...await this.#fill(space, tree, shown),
      nextCursor: isAll ? null : shown[0].id,
    };
  }

  /** Adds the texts, and what an answer that is being written has so far. */
  async #fill(
    space: string,
    tree: MessageTree,
    shown: MessageRecord[],
  ): Promise<Pick<MessagePage, "messages" | "lastEventId">> {
    const texts = await this.#store.readTexts(
      shown.map((message) => message.text),
    );
    const streaming = shown.find((message) => message.status === "streaming");
    const stored = streaming?.runId && this.#runs.live(streaming.runId) === null
      ? await this.#runStore.readRunEvents(space, streaming.runId)
      : null;
    // Nothing is awaited from here on, so the text and the place in the stream belong together.
    let lastEventId: string | null = null;
    const messages = shown.map((message, index) => {
      let content = texts[index];
      if (message === streaming && message.runId !== null) {
        const live = this.#runs.live(message.runId);
        content = live?.text ?? textOf(stored?.events ?? []);
        const last = live?.slice(live.lastSeq, live.lastSeq + 1)[0] ??
          stored?.events.at(-1);
        if (last !== undefined) lastEventId = formatPosition(last.position);
      }
      return toMessage(message, content, tree.siblings(message));
    });
    return { messages, lastEventId };
  }
}
