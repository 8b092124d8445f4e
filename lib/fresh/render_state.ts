/** What one page collects while it is rendered. Rendering is synchronous, so one state at a time. */
import type { VNode } from "preact";
import type { SlotReference } from "./island_props.ts";
import {
  type BuildSnapshot,
  getBuildSnapshot,
  type SnapshotIsland,
} from "./snapshot.ts";

/** Markup that is passed to an island. */
export interface RenderSlot {
  reference: SlotReference;
  content: unknown;
  /** Whether the island put it into the page. */
  isRendered: boolean;
}

export interface RenderState {
  readonly nonce: string;
  /** Path of the page, for marking links that lead to it. */
  readonly pathname: string;
  readonly islandOf: ReadonlyMap<unknown, SnapshotIsland>;
  /** Islands in the page; their props by marker index. */
  readonly usedIslands: Set<SnapshotIsland>;
  readonly islandProps: Record<string, unknown>[];
  readonly slots: RenderSlot[];
  /** Children of `<Head>`, in the order they were rendered. */
  readonly headVNodes: VNode[];
  /** Elements within `<head>` that another one may replace. */
  readonly documentHead: { key: string; vnode: VNode }[];
  isInsideHead: boolean;
}

let current: RenderState | null = null;

/** The state of the page that is being rendered, or null. */
export function currentRenderState(): RenderState | null {
  return current;
}

/** Makes `state` the current one; gives back what was current before. */
export function setRenderState(
  state: RenderState | null,
): RenderState | null {
  const previous = current;
  current = state;
  return previous;
}

const NO_ISLANDS: ReadonlyMap<unknown, SnapshotIsland> = new Map();

let islandsSnapshot: BuildSnapshot | null = null;
let islandsByComponent = NO_ISLANDS;

function currentIslands(): ReadonlyMap<unknown, SnapshotIsland> {
  const snapshot = getBuildSnapshot();
  if (snapshot === null) return NO_ISLANDS;
  if (snapshot !== islandsSnapshot) {
    islandsSnapshot = snapshot;
    islandsByComponent = new Map(
      snapshot.islands.map((island) => [island.component, island]),
    );
  }
  return islandsByComponent;
}

/** An empty state for a page. */
export function createRenderState(
  nonce: string,
  pathname: string,
): RenderState {
  return {
    nonce,
    pathname,
    islandOf: currentIslands(),
    usedIslands: new Set(),
    islandProps: [],
    slots: [],
    headVNodes: [],
    documentHead: [],
    isInsideHead: false,
  };
}
