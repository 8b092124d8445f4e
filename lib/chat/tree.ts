/** The messages of a thread as a tree: an edit or another answer is a sibling under the same parent. */
import type { MessageRecord } from "./records.ts";

export class MessageTree {
  readonly #byId: Map<string, MessageRecord>;
  readonly #children = new Map<string | null, string[]>();

  /** Takes the messages in the order of their making. */
  constructor(messages: MessageRecord[]) {
    this.#byId = new Map(messages.map((message) => [message.id, message]));
    for (const { id, parentId } of messages) {
      const siblings = this.#children.get(parentId);
      if (siblings === undefined) this.#children.set(parentId, [id]);
      else siblings.push(id);
    }
  }

  get(id: string): MessageRecord | undefined {
    return this.#byId.get(id);
  }

  /** All messages, oldest first. */
  all(): MessageRecord[] {
    return [...this.#byId.values()];
  }

  /** Ids under the same parent, oldest first, the message itself included. */
  siblings(message: MessageRecord): string[] {
    return this.#children.get(message.parentId) ?? [];
  }

  /** The branch that ends in `id`, from the first question on; empty for null or an unknown id. */
  branch(id: string | null): MessageRecord[] {
    const branch: MessageRecord[] = [];
    for (
      let message = id === null ? undefined : this.#byId.get(id);
      message !== undefined;
      message = message.parentId === null
        ? undefined
        : this.#byId.get(message.parentId)
    ) {
      branch.push(message);
    }
    return branch.reverse();
  }
}
