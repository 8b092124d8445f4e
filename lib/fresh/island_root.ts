/** A stand-in for a parent element, so that Preact renders between two comments. */
import type { ContainerNode } from "preact";

export interface IslandRoot {
  /** What to hand to Preact's `render`. */
  element: ContainerNode;
  /** Removes nodes of the server that the first render found no use for. */
  removeUnclaimed(): void;
}

/** The list Preact copies to take nodes from; it puts null where it has taken one. */
class ReusableNodes extends Array<ChildNode | null> {}

/** Makes the nodes between `start` and `end` the children of a root. */
export function createRootBetween(start: Comment, end: Comment): IslandRoot {
  const parent = start.parentNode!;
  let copies: ReusableNodes[] = [];
  const track = (nodes: ReusableNodes) => {
    copies.push(nodes);
  };
  class TrackedNodes extends ReusableNodes {
    constructor(length: number) {
      super(length);
      track(this);
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
      const nodes = new TrackedNodes(0);
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
      // The first list is the one handed out, the second Preact's copy of it.
      for (const node of copies[1] ?? []) node?.remove();
      copies = [];
    },
  };
}
