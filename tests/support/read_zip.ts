/** Reads a ZIP archive by its directory, as programs that open archives do. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";

const DIRECTORY_END = 0x0605_4b50;
const DIRECTORY_END_64 = 0x0606_4b50;
const DIRECTORY_ENTRY = 0x0201_4b50;
const LOCAL_HEADER = 0x0403_4b50;
const FAR = 0xffff_ffff;

/** Files of an archive by name; fails when a checksum or size is wrong. */
export async function readZip(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Map<string, string>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const end = bytes.length - 22;
  assert.equal(u32(end), DIRECTORY_END);
  let count = u16(end + 10);
  let at = u32(end + 16);
  const end64 = end - 20 - 56;
  if (end64 >= 0 && u32(end64) === DIRECTORY_END_64) {
    assert.equal(u64(end - 20 + 8), end64);
    count = u64(end64 + 32);
    at = u64(end64 + 48);
  }
  const files = new Map<string, string>();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let index = 0; index < count; index += 1) {
    assert.equal(u32(at), DIRECTORY_ENTRY);
    const nameBytes = u16(at + 28);
    const name = decoder.decode(bytes.subarray(at + 46, at + 46 + nameBytes));
    const offset = u32(at + 42) === FAR
      ? u64(at + 46 + nameBytes + 4)
      : u32(at + 42);
    assert.equal(u32(offset), LOCAL_HEADER);
    const start = offset + 30 + u16(offset + 26) + u16(offset + 28);
    const packed = bytes.slice(start, start + u32(at + 20));
    const content = await new Response(
      new Blob([packed]).stream()
        .pipeThrough(new DecompressionStream("deflate-raw")),
    ).bytes();
    assert.equal(content.length, u32(at + 24), name);
    assert.equal(crc32(content), u32(at + 16), name);
    assert.ok(!files.has(name), `"${name}" is there twice`);
    files.set(name, decoder.decode(content));
    at += 46 + nameBytes + u16(at + 30) + u16(at + 32);
  }
  return files;
}
