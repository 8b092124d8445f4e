/** How bytes are a text: UTF-8, or what they are where they cannot be that. */

/** `windows-1252` is what the web takes latin-1 for (Encoding Standard). */
export type TextEncoding = "utf-8" | "windows-1252";

/** A character of UTF-8 has at most so many bytes behind its first. */
const MOST_FOLLOWING = 3;

/** The text of the first bytes of a document, the last of which may be half a character. */
export function textOf(
  bytes: Uint8Array,
): { text: string; encoding: TextEncoding } {
  try {
    const whole = bytes.subarray(0, wholeCharacters(bytes));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(whole);
    return { text, encoding: "utf-8" };
  } catch {
    const encoding = "windows-1252";
    return { text: new TextDecoder(encoding).decode(bytes), encoding };
  }
}

/** How many of the bytes are whole characters of UTF-8; what cannot become one counts as whole. */
export function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(MOST_FOLLOWING, length); back += 1) {
    const byte = bytes[length - back];
    if (byte < 0x80) return length;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? length - back : length;
  }
  return length;
}

/**
 * The text of whole characters, with what cannot be shown as U+FFFD.
 * @returns also how many such there are
 */
export function decode(
  bytes: Uint8Array,
  encoding: TextEncoding,
): { text: string; broken: number } {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
    .replaceAll("\0", "\ufffd");
  let broken = 0;
  for (
    let at = text.indexOf("\ufffd");
    at !== -1;
    at = text.indexOf("\ufffd", at + 1)
  ) broken += 1;
  return { text, broken };
}
