/** What charts are made of: colours, the same one for a name wherever it is shown, and places of an axis. */

/** Number of a colour, from 1; what is put together from several has the hatch. */
export type Hue = number | "other";

/** How many colours can be told apart by everybody. */
export const HUES = 8;

const FNV_OFFSET = 2_166_136_261;
const FNV_PRIME = 16_777_619;

/** The colour that a name would have if it were alone (FNV-1a). */
function ownHue(name: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(name)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return hash % HUES + 1;
}

/**
 * A colour for each name: its own; where another one before it has that, the next that is free.
 * @param names up to eight; further ones get the hatch
 */
export function huesOf(names: readonly string[]): Map<string, Hue> {
  const taken = new Set<number>();
  const hues = new Map<string, Hue>();
  for (const name of names) {
    if (taken.size === HUES) {
      hues.set(name, "other");
      continue;
    }
    let hue = ownHue(name);
    while (taken.has(hue)) hue = hue % HUES + 1;
    taken.add(hue);
    hues.set(name, hue);
  }
  return hues;
}

/** One place of the horizontal axis of a chart. */
export interface ChartPlace {
  /** Under the axis: `12 Nov`. */
  label: string;
  /** In tables and tips: `Thu 12 Nov`. */
  title: string;
}
