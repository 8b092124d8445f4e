/**
 * Places in the events of a workspace, as live connections name them: `generation.versionstamp` is behind
 * all events of an atomic, `generation.versionstamp.index` behind one event of the listener's own space,
 * and `generation.versionstamp.index.space` behind one of another space, in the order of the spaces' names.
 */
import { workspaceOf } from "@/lib/shared/spaces.ts";

/** What lies up to here counts as told. */
export interface LivePlace {
  readonly generation: string;
  readonly versionstamp: string;
  /** Null: behind all events of the atomic. */
  readonly event: { readonly space: string; readonly index: number } | null;
}

/** What a place calls the space of the workspace itself. */
const WORKSPACE_ITSELF = "w";

/** Behind all events of an atomic. */
export function behindAtomic(
  generation: string,
  versionstamp: string,
): LivePlace {
  return { generation, versionstamp, event: null };
}

/** Before all events. */
export function firstPlace(generation: string): LivePlace {
  return behindAtomic(generation, "0".repeat(20));
}

/** @param own space of the listener */
export function formatPlace(
  { generation, versionstamp, event }: LivePlace,
  own: string,
): string {
  const atomic = `${generation}.${versionstamp}`;
  if (event === null) return atomic;
  const { space, index } = event;
  if (space === own) return `${atomic}.${index}`;
  const rest = space.slice(workspaceOf(space).length + 1);
  return `${atomic}.${index}.${rest || WORKSPACE_ITSELF}`;
}

/**
 * Null for what names no place.
 * @param own space of the listener
 */
export function parsePlace(text: string, own: string): LivePlace | null {
  const match =
    /^([\w-]{1,64})\.([0-9a-f]{20})(?:\.(\d{1,6})(?:\.(\w{1,64}))?)?$/
      .exec(text);
  if (match === null) return null;
  const [, generation, versionstamp, index, rest] = match;
  if (index === undefined) return behindAtomic(generation, versionstamp);
  const workspace = workspaceOf(own);
  const space = rest === undefined
    ? own
    : rest === WORKSPACE_ITSELF
    ? workspace
    : `${workspace}/${rest}`;
  return { generation, versionstamp, event: { space, index: Number(index) } };
}

/** Whether `place` lies behind `other`, in the same generation. */
export function isBehind(place: LivePlace, other: LivePlace): boolean {
  if (place.versionstamp !== other.versionstamp) {
    return place.versionstamp > other.versionstamp;
  }
  if (other.event === null) return false;
  if (place.event === null) return true;
  const [one, two] = [place.event, other.event];
  return one.space === two.space
    ? one.index > two.index
    : one.space > two.space;
}
