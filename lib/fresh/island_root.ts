/** A stand-in for a parent element, so that Preact renders between two comments. */
import type { ContainerNode } from "preact";

export interface IslandRoot {
  /** What to hand to Preact's `render`. */
  element: ContainerNode;
  /** Removes nodes of the server that the first render found no use for. */
  removeUnclaimed(): void;
}

/** Makes the nodes between `start` and `end` the children of a root. */
export function createRootBetween(start: Comment, end: Comment): IslandRoot {
  const parent = start.parentNode!;
  let copy: (ChildNode | null)[] | null = null;
  // Preact copies the list of children with Array.prototype.slice and puts null where it has found
  // a use for one. The copy's class is up to the list, which is how the first one is seen here.
  class PreactsCopy extends Array<ChildNode | null> {
    constructor(length: number) {
      super(length);
      copy ??= this;
    }
  }
  class ServerNodes extends Array<ChildNode | null> {
    static override get [Symbol.species](): ArrayConstructor {
      return PreactsCopy as unknown as ArrayConstructor;
    }
  }
  const childrenBetween = () => {
    const nodes: ChildNode[] = [];
    for (
      let node = start.nextSibling;
      node !== null && node !== end;
      node = node.nextSibling
    ) {
      nodes.push(node);
    }
    return nodes;
  };
  const element = {
    nodeType: Node.ELEMENT_NODE,
    ownerDocument: start.ownerDocument,
    namespaceURI: (parent as Element).namespaceURI,
    get firstChild() {
      const node = start.nextSibling;
      return node === end ? null : node;
    },
    get childNodes() {
      const nodes = new ServerNodes();
      nodes.push(...childrenBetween());
      return nodes;
    },
    get parentNode() {
      return parent;
    },
    contains: (node: Node) => parent.contains(node),
    insertBefore: (node: Node, before: Node | null) =>
      parent.insertBefore(node, before ?? end),
    appendChild: (node: Node) => parent.insertBefore(node, end),
    removeChild: (node: Node) => parent.removeChild(node),
  };
  return {
    element: element as unknown as ContainerNode,
    removeUnclaimed() {
      for (const node of copy ?? []) node?.remove();
      copy = [];
    },
  };
}
