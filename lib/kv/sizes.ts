/**
 * The limits that every atomic keeps, and how big things are before the store sees them. Measured on
 * Deno 2.9; ten checks is what the self-hosted denokv server takes (the local store takes 100).
 */
import { serialize } from "node:v8";

/** Checks in one atomic. */
export const MAX_CHECKS = 10;
/** Mutations in one atomic. */
export const MAX_MUTATIONS = 1_000;
/** Bytes of one key that is written, encoded. */
export const MAX_KEY_BYTES = 2_048;
/** Bytes of all keys written in one atomic. */
export const MAX_TOTAL_KEY_BYTES = 81_920;
/** Bytes of one value, encoded. */
export const MAX_VALUE_BYTES = 65_536;
/** Bytes of all keys and values in one atomic. */
export const MAX_TOTAL_BYTES = 819_200;

/** Bytes of a text in UTF-8; a zero inside is written as two, half a surrogate pair as U+FFFD. */
function measureText(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codePointAt(index)!;
    if (code >= 0x10000) {
      bytes += 4;
      index += 1;
    } else if (code >= 0x800) bytes += 3;
    else if (code >= 0x80 || code === 0) bytes += 2;
    else bytes += 1;
  }
  return bytes;
}

/** A zero inside a byte array is written as two. */
function measureBytes(bytes: Uint8Array): number {
  let zeros = 0;
  for (const byte of bytes) if (byte === 0) zeros += 1;
  return bytes.length + zeros;
}

function measurePart(part: Deno.KvKeyPart): number {
  switch (typeof part) {
    case "string":
      return measureText(part) + 2;
    case "number":
      return 9;
    case "boolean":
      return 1;
    case "bigint": {
      if (part === 0n) return 1;
      const digits = (part < 0n ? -part : part).toString(16).length;
      const bytes = Math.ceil(digits / 2);
      return bytes <= 8 ? bytes + 1 : bytes + 2;
    }
    // The place of a versionstamp that the store fills in: 20 hexadecimal digits.
    case "symbol":
      return 22;
    default:
      return measureBytes(part) + 2;
  }
}

/** Bytes of a key as the store encodes it. */
export function measureKey(key: Deno.KvKey): number {
  let bytes = 0;
  for (const part of key) bytes += measurePart(part);
  return bytes;
}

/**
 * Bytes of a value as the store writes it (V8's structured clone format).
 * @throws {TypeError} when it holds something that cannot be stored, such as a function
 */
export function measureValue(value: unknown): number {
  try {
    return serialize(value).byteLength;
  } catch (error) {
    throw new TypeError(
      `Value cannot be stored: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
}

/**
 * Bytes of one key and its value, each checked against its own limit; `extraBytes` is what the value
 * still gains before it is written.
 * @throws {TypeError} that names the key and what it exceeds
 */
export function measureSet(
  key: Deno.KvKey,
  value: unknown,
  extraBytes = 0,
): { keyBytes: number; valueBytes: number } {
  const keyBytes = measureWrittenKey(key);
  const valueBytes = measureValue(value) + extraBytes;
  if (valueBytes > MAX_VALUE_BYTES) {
    throw new TypeError(
      `Value of key ${
        describeKey(key)
      } has "${valueBytes}" bytes, more than "${MAX_VALUE_BYTES}"`,
    );
  }
  return { keyBytes, valueBytes };
}

/** Bytes of a key that is to be written. @throws {TypeError} when it is too long */
export function measureWrittenKey(key: Deno.KvKey): number {
  const keyBytes = measureKey(key);
  if (keyBytes > MAX_KEY_BYTES) {
    throw new TypeError(
      `Key ${
        describeKey(key)
      } has "${keyBytes}" bytes, more than "${MAX_KEY_BYTES}"`,
    );
  }
  return keyBytes;
}

const DESCRIBED_CHARACTERS = 120;

/** A key as text for an error message. */
export function describeKey(key: Deno.KvKey): string {
  const text = JSON.stringify(
    key.map((part) =>
      typeof part === "string" || typeof part === "number" ? part : String(part)
    ),
  );
  return text.length > DESCRIBED_CHARACTERS
    ? `${text.slice(0, DESCRIBED_CHARACTERS)}…`
    : text;
}
