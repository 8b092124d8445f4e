/**
 * Writes island props as text. Cycles and values that are used twice stay so: every value is one node
 * of a flat list, and nodes refer to each other by index.
 */
import { isValidElement } from "preact";
import { Signal } from "@preact/signals";
import { type GraphNode, SlotReference } from "./island_props.ts";

/** JSON text of the value's graph; the first node is the value. TypeError for functions and symbols. */
export function serialize(value: unknown): string {
  const nodes: GraphNode[] = [];
  const values: unknown[] = [];
  const indexOf = new Map<unknown, number>();

  const reference = (target: unknown): number => {
    // A map takes 0 and -0 for the same key.
    const key = Object.is(target, -0) ? MINUS_ZERO : target;
    let index = indexOf.get(key);
    if (index === undefined) {
      index = values.length;
      indexOf.set(key, index);
      values.push(target);
    }
    return index;
  };

  reference(value);
  for (let index = 0; index < values.length; index++) {
    nodes.push(encode(values[index], reference));
  }
  return JSON.stringify(nodes);
}

type Reference = (target: unknown) => number;

const MINUS_ZERO = Symbol("-0");

function encode(value: unknown, reference: Reference): GraphNode {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "undefined":
      return ["undefined"];
    case "number":
      return encodeNumber(value);
    case "bigint":
      return ["bigint", String(value)];
    case "object":
      return value === null ? null : encodeObject(value, reference);
    default:
      throw new TypeError(
        `Cannot pass a "${typeof value}" to an island: "${String(value)}"`,
      );
  }
}

function encodeNumber(value: number): GraphNode {
  if (Object.is(value, -0)) return ["number", "-0"];
  return Number.isFinite(value) ? value : ["number", String(value)];
}

function encodeObject(value: object, reference: Reference): GraphNode {
  if (value instanceof SlotReference) return ["slot", value.id, value.name];
  if (value instanceof Signal) {
    const tag = isWritable(value) ? "signal" : "computed";
    return [tag, reference(value.peek())];
  }
  if (Array.isArray(value)) return encodeArray(value, reference);
  if (value instanceof Date) return ["date", String(value.getTime())];
  if (value instanceof URL) return ["url", value.href];
  if (value instanceof RegExp) return ["regexp", value.source, value.flags];
  if (value instanceof Uint8Array) return ["bytes", toBase64(value)];
  if (value instanceof Set) return ["set", ...Array.from(value, reference)];
  if (value instanceof Map) {
    return ["map", ...[...value].flat().map(reference)];
  }
  const temporal = temporalClass(value);
  if (temporal !== null) return ["temporal", temporal, String(value)];
  if (isValidElement(value) && Object.hasOwn(value, "props")) {
    throw new TypeError(
      "Cannot pass markup to an island inside of an object; pass it as a prop of its own",
    );
  }
  const node: Record<string, number> = Object.create(null);
  for (const [key, part] of Object.entries(value)) node[key] = reference(part);
  return node;
}

function encodeArray(value: unknown[], reference: Reference): GraphNode {
  const parts: number[] = [];
  for (let index = 0; index < value.length; index++) {
    parts.push(index in value ? reference(value[index]) : -1);
  }
  return ["array", ...parts];
}

/** A computed signal has no setter for `value`. */
function isWritable(signal: Signal): boolean {
  for (
    let holder = Object.getPrototypeOf(signal);
    holder !== null;
    holder = Object.getPrototypeOf(holder)
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, "value");
    if (descriptor !== undefined) return descriptor.set !== undefined;
  }
  return false;
}

/** Every Temporal class names itself in its tag; a runtime without Temporal has no such values. */
function temporalClass(value: object): string | null {
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" && tag.startsWith("Temporal.")
    ? tag.slice("Temporal.".length)
    : null;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
