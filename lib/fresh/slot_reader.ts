/** Turns the markup of slots back into vnodes, so that islands can show, hide and move it. */
import { Fragment, h } from "preact";
import type { ComponentChildren, ComponentType, VNode } from "preact";

/** Components by island name. */
export type IslandComponents = Record<string, ComponentType<never>>;

/** An island's markers in the page. */
export interface FoundIsland {
  name: string;
  index: number;
  start: Comment;
  end: Comment;
}

const ISLAND_START = /^frsh:island:([^:]*):(\d+):(.*)$/s;
const SLOT_START = /^frsh:slot:(\d+):/;

/** The outermost islands below `root`, in document order. */
export function findIslands(root: Node): FoundIsland[] {
  const found: FoundIsland[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    const start = walker.currentNode as Comment;
    const match = ISLAND_START.exec(start.data);
    if (match === null) continue;
    const end = closingComment(start, "frsh:island");
    if (end === null) continue;
    found.push({ name: match[1], index: Number(match[2]), start, end });
    // What lies inside belongs to this island.
    walker.currentNode = end;
  }
  return found;
}

/**
 * The comment that ends what `start` begins; both are children of the same node. Where the parser has
 * torn them apart (a `div` in a `p`), the console tells, and the rest of the page goes on.
 */
function closingComment(start: Comment, kind: string): Comment | null {
  let depth = 1;
  for (let node = start.nextSibling; node; node = node.nextSibling) {
    if (node.nodeType !== Node.COMMENT_NODE) continue;
    const { data } = node as Comment;
    if (data.startsWith(`${kind}:`)) depth++;
    if (data === `/${kind}` && --depth === 0) return node as Comment;
  }
  reportError(
    new Error(
      `Missing end of "${start.data}" in the page; is an element nested where HTML does not allow it?`,
    ),
  );
  return null;
}

/** Reads slots from the page or from their templates. */
export class SlotReader {
  readonly #document: Document;
  readonly #islands: IslandComponents;
  readonly #contents = new Map<number, ComponentChildren>();
  readonly #names = new Map<number, string>();
  #props: Record<string, unknown>[] = [];
  #starts: Map<number, Comment> | null = null;

  constructor(page: Document, islands: IslandComponents) {
    this.#document = page;
    this.#islands = islands;
  }

  /** A vnode that shows the slot, once it has been read. */
  reference(id: number, name: string): VNode {
    this.#names.set(id, name);
    const Slot = () => h(Fragment, null, this.#contents.get(id));
    return h(Slot, {});
  }

  /** Sets the props of the islands, which slots may hold as well. */
  useProps(props: Record<string, unknown>[]): void {
    this.#props = props;
  }

  /** Reads all slots of the page; they hold until the first island is rendered. */
  read(): void {
    if (this.#starts !== null) return;
    this.#starts = new Map();
    this.#collectStarts(this.#document);
    for (const [id, name] of this.#names) {
      const start = this.#starts.get(id);
      const template = this.#document.getElementById(`frsh-${id}-${name}`);
      if (start !== undefined) {
        const end = closingComment(start, "frsh:slot");
        if (end === null) continue;
        this.#contents.set(id, this.#range(start.nextSibling, end));
      } else if (template instanceof HTMLTemplateElement) {
        this.#contents.set(id, this.#range(template.content.firstChild, null));
      }
    }
  }

  #collectStarts(root: Node): void {
    const walker = document.createTreeWalker(
      root,
      NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_ELEMENT,
    );
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node instanceof HTMLTemplateElement) {
        this.#collectStarts(node.content);
        continue;
      }
      if (!(node instanceof Comment)) continue;
      const match = SLOT_START.exec(node.data);
      const id = Number(match?.[1]);
      if (match !== null && !this.#starts!.has(id)) this.#starts!.set(id, node);
    }
  }

  #range(first: ChildNode | null, end: Node | null): ComponentChildren[] {
    const children: ComponentChildren[] = [];
    let node = first;
    while (node !== null && node !== end) {
      if (node instanceof Text) children.push(node.data);
      else if (node instanceof Element) children.push(this.#element(node));
      else if (node instanceof Comment) {
        const match = ISLAND_START.exec(node.data);
        if (match !== null) {
          children.push(this.#island(match));
          node = closingComment(node, "frsh:island") ?? node;
        }
      }
      node = node.nextSibling;
    }
    return children;
  }

  #island([, name, index, key]: RegExpExecArray): VNode {
    const props = this.#props[Number(index)];
    const component = this.#islands[name] as ComponentType<
      Record<string, unknown>
    >;
    return h(component, key === "" ? props : { ...props, key });
  }

  #element(element: Element): VNode {
    const props: Record<string, unknown> = {};
    for (const { name, value } of element.attributes) {
      // Preact would take the text of an inline handler for a function.
      if (name.startsWith("on")) continue;
      props[name] = attributeValue(element, name, value);
    }
    if (element instanceof HTMLScriptElement || element.localName === "style") {
      // Browsers hide the nonce from its attribute.
      const { nonce } = element as HTMLElement;
      if (nonce) props.nonce = nonce;
    }
    const content = element instanceof HTMLTemplateElement
      ? element.content
      : element;
    return h(
      element.localName,
      props,
      ...this.#range(content.firstChild, null),
    ) as VNode;
  }
}

/** Preact sets properties, for which an empty string would mean false. */
function attributeValue(
  element: Element,
  name: string,
  value: string,
): string | boolean {
  const property = (element as unknown as Record<string, unknown>)[name];
  return value === "" && typeof property === "boolean" ? true : value;
}
