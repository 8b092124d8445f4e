/** The messages of a thread as a tree: an edit or another answer is a sibling under the same parent. */
import type { MessageRecord } from "./records.ts";

/** Siblings that a message names, at most: those nearest to it. */
export const MAX_SIBLINGS = 200;

export class MessageTree {
  readonly #byId: Map<string, MessageRecord>;
  readonly #children = new Map<string | null, string[]>();
  /** Place of each message among its siblings. */
  readonly #places = new Map<string, number>();

  /** Takes the messages in the order of their making. */
  constructor(messages: MessageRecord[]) {
    this.#byId = new Map(messages.map((message) => [message.id, message]));
    for (const { id, parentId } of messages) {
      const siblings = this.#children.get(parentId);
      this.#places.set(id, siblings?.length ?? 0);
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

  /** The messages made before this one, oldest first; all of them for null. */
  before(id: string | null): MessageRecord[] {
    const all = this.all();
    return id === null
      ? all
      : all.slice(0, all.findIndex((message) => message.id === id));
  }

  /**
   * Ids under the same parent, oldest first, the message itself included if it is in the tree: the
   * `MAX_SIBLINGS` around it, so that what thousands of answers to one question take stays small.
   */
  siblings(message: MessageRecord): string[] {
    const all = this.#children.get(message.parentId) ?? [];
    if (all.length <= MAX_SIBLINGS) return all;
    const place = this.#places.get(message.id) ?? all.length;
    const first = Math.min(
      Math.max(place - MAX_SIBLINGS / 2, 0),
      all.length - MAX_SIBLINGS,
    );
    return all.slice(first, first + MAX_SIBLINGS);
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  /** The messages right under one, oldest first. */
  children(id: string): MessageRecord[] {
    return (this.#children.get(id) ?? []).map((child) =>
      this.#byId.get(child)!
    );
  }

  /** The newest message of the branch that runs through this one, each time by the newest child. */
  newestLeaf(id: string): string {
    let leaf = id;
    for (
      let children = this.#children.get(leaf);
      children !== undefined;
      children = this.#children.get(leaf)
    ) {
      leaf = children[children.length - 1];
    }
    return leaf;
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
