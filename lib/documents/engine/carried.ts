/** State between two steps: JSON, and bytes behind it. */

const LENGTH_BYTES = 4;

export function pack(
  json: unknown,
  rest: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const bytes = new Uint8Array(LENGTH_BYTES + text.length + rest.length);
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, LENGTH_BYTES);
  bytes.set(rest, LENGTH_BYTES + text.length);
  return bytes;
}

export function unpack<Json>(
  bytes: Uint8Array,
): { json: Json; rest: Uint8Array } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const end = LENGTH_BYTES + length;
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end));
  return { json: JSON.parse(text), rest: bytes.subarray(end) };
}
