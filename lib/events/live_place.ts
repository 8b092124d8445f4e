/** Places in the events of a space, as live connections name them: `generation.versionstamp.index`. */

/** The event itself counts as heard. */
export interface LivePlace {
  readonly generation: string;
  readonly versionstamp: string;
  readonly index: number;
}

/** Before all events. */
export function firstPlace(generation: string): LivePlace {
  return { generation, versionstamp: "0".repeat(20), index: 0 };
}

export function formatPlace(place: LivePlace): string {
  return `${place.generation}.${place.versionstamp}.${place.index}`;
}

/** Null for what names no place. */
export function parsePlace(text: string): LivePlace | null {
  const match = /^([\w-]{1,64})\.([0-9a-f]{20})\.(\d{1,6})$/.exec(text);
  if (match === null) return null;
  const [, generation, versionstamp, index] = match;
  return { generation, versionstamp, index: Number(index) };
}

/** Whether `place` lies behind `other`, in the same generation. */
export function isBehind(place: LivePlace, other: LivePlace): boolean {
  return place.versionstamp > other.versionstamp ||
    (place.versionstamp === other.versionstamp && place.index > other.index);
}
