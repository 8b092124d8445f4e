/**
 * Markers around an island and around the markup passed to it, from which the browser finds out what
 * to bring to life: `<!--frsh:island:NAME:INDEX:KEY-->` and `<!--frsh:slot:ID:NAME-->`.
 *
 * Only the outermost island of a tree is marked: an island rendered by another island is part of it.
 * Markup passed as a prop is not; islands in there have markers of their own.
 */
import { createContext, Fragment, h, isValidElement } from "preact";
import type { ComponentType, VNode } from "preact";
import { useContext } from "preact/hooks";
import { SlotReference } from "./island_props.ts";
import {
  currentRenderState,
  type RenderSlot,
  type RenderState,
} from "./render_state.ts";
import type { SnapshotIsland } from "./snapshot.ts";

type Props = Record<string, unknown>;

const InsideIsland = createContext(false);
const plainIslands = new WeakSet<VNode<Props>>();

/** True for an island's vnode that is to be rendered as it is. */
export function isPlainIsland(vnode: VNode<Props>): boolean {
  return plainIslands.has(vnode);
}

interface BoundaryProps {
  island: SnapshotIsland;
  props: Props;
  islandKey: unknown;
}

/** Turns an island's vnode into its boundary. */
export function wrapIsland(
  vnode: VNode<Props>,
  island: SnapshotIsland,
): void {
  const boundary: BoundaryProps = {
    island,
    props: vnode.props,
    islandKey: vnode.key,
  };
  vnode.type = IslandBoundary as ComponentType<never> as typeof vnode.type;
  vnode.props = boundary as unknown as typeof vnode.props;
}

function IslandBoundary(
  { island, props, islandKey }: BoundaryProps,
): VNode {
  const isInside = useContext(InsideIsland);
  if (isInside) return plainIsland(island, props);
  const state = currentRenderState()!;
  const index = state.islandProps.length;
  const serialized: Props = {};
  const rendered: Props = {};
  state.islandProps.push(serialized);
  state.usedIslands.add(island);
  for (const [name, value] of Object.entries(props)) {
    const slot = containsMarkup(value) ? addSlot(state, name, value) : null;
    serialized[name] = slot === null ? value : slot.reference;
    rendered[name] = slot === null ? value : h(Slot, { slot });
  }
  return h(
    Fragment,
    null,
    comment(`frsh:island:${island.name}:${index}:${islandKey ?? ""}`),
    h(InsideIsland.Provider, { value: true }, plainIsland(island, rendered)),
    comment("/frsh:island"),
  );
}

function plainIsland(island: SnapshotIsland, props: Props): VNode {
  const vnode = h(island.component as unknown as ComponentType<Props>, props);
  plainIslands.add(vnode as VNode<Props>);
  return vnode;
}

function addSlot(
  state: RenderState,
  name: string,
  content: unknown,
): RenderSlot {
  const reference = new SlotReference(state.slots.length, name);
  const slot = { reference, content, isRendered: false };
  state.slots.push(slot);
  return slot;
}

function Slot({ slot }: { slot: RenderSlot }): VNode {
  slot.isRendered = true;
  const { id, name } = slot.reference;
  return h(
    Fragment,
    null,
    comment(`frsh:slot:${id}:${name}`),
    slotContent(slot),
    comment("/frsh:slot"),
  );
}

/** The markup of a slot, to be rendered outside of any island. */
export function slotContent(slot: RenderSlot): VNode {
  return h(InsideIsland.Provider, {
    value: false,
    children: slot.content as VNode,
  }) as VNode;
}

/** True for a vnode and for a list that holds one. */
function containsMarkup(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(containsMarkup);
  // Signals pass for vnodes by their prototype; only a real one has props of its own.
  return typeof value === "object" && value !== null &&
    isValidElement(value) && Object.hasOwn(value, "props");
}

/** preact-render-to-string writes a Fragment with this prop as an HTML comment. */
function comment(text: string): VNode {
  return h(Fragment as ComponentType<Props>, { UNSTABLE_comment: text });
}
