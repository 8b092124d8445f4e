/** What the server's serializer and the browser's parser agree on. */

/** Stands for markup among the props of an island; the markup is in the page. */
export class SlotReference {
  readonly id: number;
  readonly name: string;

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}

/**
 * One value of the graph. Strings, booleans, null and ordinary numbers stand for themselves; an object
 * maps keys to indices of other nodes; an array starts with a tag.
 */
export type GraphNode =
  | string
  | number
  | boolean
  | null
  | Record<string, number>
  | [tag: GraphTag, ...parts: (string | number)[]];

/** Kinds of values that JSON does not know; the parts of each are in brackets. */
export type GraphTag =
  | "array" // indices, -1 for a hole
  | "undefined"
  | "number" // text of NaN, Infinity, -Infinity or -0
  | "bigint" // decimal text
  | "date" // milliseconds as text, "NaN" for an invalid date
  | "url" // text
  | "regexp" // source, flags
  | "bytes" // base64
  | "set" // indices
  | "map" // indices, key and value in turn
  | "temporal" // class name, ISO text
  | "signal" // index
  | "computed" // index
  | "slot"; // id, name

/** What the page hands to `boot()`. */
export interface BootData {
  /** Props by island index, as in the markers. */
  islands: Record<string, unknown>[];
  buildId: string;
}
