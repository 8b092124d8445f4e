/** Reads in the browser what `serialize()` wrote. */
import { computed, signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { GraphNode } from "./island_props.ts";

type SlotResolver = (id: number, name: string) => unknown;
type TaggedNode = Extract<GraphNode, readonly unknown[]>;
type TemporalNamespace = Record<
  string,
  { from(text: string): unknown } | undefined
>;

/** Rebuilds the value; `resolveSlot` gives the markup of a slot. SyntaxError for malformed text. */
export function deserialize(text: string, resolveSlot: SlotResolver): unknown {
  const nodes: GraphNode[] = JSON.parse(text);
  // Containers are made first and filled afterwards, so that a cycle finds what it leads to.
  const fills: ((at: (index: number) => unknown) => void)[] = [];
  const values = nodes.map((node) => create(node, resolveSlot, fills));
  const at = (index: number) => values[index];
  for (const fill of fills) fill(at);
  return values[0];
}

function create(
  node: GraphNode,
  resolveSlot: SlotResolver,
  fills: ((at: (index: number) => unknown) => void)[],
): unknown {
  if (node === null || typeof node !== "object") return node;
  if (Array.isArray(node)) return createTagged(node, resolveSlot, fills);
  const object = {};
  fills.push((at) => {
    for (const [key, index] of Object.entries(node)) {
      // Plain assignment to `__proto__` would change the prototype.
      Object.defineProperty(object, key, {
        value: at(index),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
  });
  return object;
}

function createTagged(
  node: TaggedNode,
  resolveSlot: SlotResolver,
  fills: ((at: (index: number) => unknown) => void)[],
): unknown {
  const [tag, ...parts] = node;
  const text = String(parts[0]);
  const indices = parts as number[];
  switch (tag) {
    case "undefined":
      return undefined;
    case "number":
      return Number(text);
    case "bigint":
      return BigInt(text);
    case "date":
      return new Date(Number(text));
    case "url":
      return new URL(text);
    case "regexp":
      return new RegExp(text, String(parts[1]));
    case "bytes":
      return Uint8Array.from(
        atob(text),
        (character) => character.charCodeAt(0),
      );
    case "temporal":
      return createTemporal(text, String(parts[1]));
    case "slot":
      return resolveSlot(Number(parts[0]), String(parts[1]));
    case "array": {
      const array: unknown[] = new Array(indices.length);
      fills.push((at) =>
        indices.forEach((index, position) => {
          if (index !== -1) array[position] = at(index);
        })
      );
      return array;
    }
    case "set": {
      const set = new Set();
      fills.push((at) => indices.forEach((index) => set.add(at(index))));
      return set;
    }
    case "map": {
      const map = new Map();
      fills.push((at) => {
        for (let position = 0; position < indices.length; position += 2) {
          map.set(at(indices[position]), at(indices[position + 1]));
        }
      });
      return map;
    }
    case "signal": {
      const made: Signal<unknown> = signal();
      fills.push((at) => made.value = at(indices[0]));
      return made;
    }
    case "computed": {
      let frozen: unknown;
      fills.push((at) => frozen = at(indices[0]));
      return computed(() => frozen);
    }
  }
}

function createTemporal(className: string, text: string): unknown {
  const temporal = (globalThis as unknown as { Temporal?: TemporalNamespace })
    .Temporal;
  const made = temporal?.[className];
  if (made === undefined) {
    throw new Error(`This browser has no "Temporal.${className}"`);
  }
  return made.from(text);
}
