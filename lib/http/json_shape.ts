/** What a JSON text would become, counted on its bytes: a text that is too large in shape is never parsed. */

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
// `[` and `{`, `]` and `}` differ in one bit that nothing else in JSON outside of strings has.
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export interface JsonLimits {
  /** How deep objects and arrays may nest. */
  depth: number;
  /** How many values objects and arrays may hold together. */
  values: number;
}

/**
 * Tells which limit the text breaks, or null. It stops at the first that is broken and does not check
 * that the text is JSON: `JSON.parse` does.
 *
 * @param bytes the text in UTF-8
 */
export function brokenJsonLimit(
  bytes: Uint8Array,
  limits: JsonLimits,
): keyof JsonLimits | null {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === COMMA) {
      values += 1;
    } else if ((byte | BRACE_BIT) === OPEN) {
      values += 1;
      depth += 1;
      if (depth > limits.depth) return "depth";
    } else if ((byte | BRACE_BIT) === CLOSE) {
      depth -= 1;
    }
    if (values > limits.values) return "values";
  }
  return null;
}
