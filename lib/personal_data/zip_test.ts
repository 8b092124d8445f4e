import assert from "node:assert/strict";
import { readZip } from "@/tests/support/read_zip.ts";
import { zip, type ZipEntry } from "./zip.ts";

const MODIFIED_AT = new Date("2026-11-21T10:20:30Z");

async function* parts(...texts: string[]) {
  for (const text of texts) {
    yield await Promise.resolve(new TextEncoder().encode(text));
  }
}

async function* entriesOf(
  files: Iterable<[name: string, ...texts: string[]]>,
): AsyncGenerator<ZipEntry> {
  for (const [name, ...texts] of files) {
    yield { name, modifiedAt: MODIFIED_AT, content: parts(...texts) };
  }
}

async function pack(
  files: Iterable<[name: string, ...texts: string[]]>,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(ReadableStream.from(zip(entriesOf(files)))).bytes();
}

Deno.test("zip: gives back names and contents", async () => {
  const long = "Wasserstand ".repeat(100_000);
  const bytes = await pack([
    ["account.json", "{}"],
    ["threads/Grüße 🌊.md", "# Grüße\n", "🌊"],
    ["empty.txt"],
    ["long.txt", long, long],
  ]);
  assert.ok(bytes.length < long.length / 10);
  assert.deepEqual([...await readZip(bytes)], [
    ["account.json", "{}"],
    ["threads/Grüße 🌊.md", "# Grüße\n🌊"],
    ["empty.txt", ""],
    ["long.txt", long + long],
  ]);
});

Deno.test("zip: has no limit of 65,535 files", async () => {
  const count = 66_000;
  const files = Array.from(
    { length: count },
    (_, index): [string, string] => [`${index}`, ""],
  );
  const bytes = await pack(files);
  // Zip64's own end of the directory tells the count that the short one cannot.
  const view = new DataView(bytes.buffer);
  const end64 = bytes.length - 22 - 20 - 56;
  assert.equal(view.getUint32(end64, true), 0x0606_4b50);
  assert.equal(Number(view.getBigUint64(end64 + 32, true)), count);
  assert.equal(view.getUint16(bytes.length - 22 + 10, true), 0xffff);
});

Deno.test("zip: reads no further than its reader does", async () => {
  let read = 0;
  let isOver = false;
  const endless = async function* () {
    try {
      for (;;) {
        read += 1;
        const block = crypto.getRandomValues(new Uint8Array(16_384));
        yield await Promise.resolve(block);
      }
    } finally {
      isOver = true;
    }
  };
  const entries = async function* () {
    yield await Promise.resolve({
      name: "endless",
      modifiedAt: MODIFIED_AT,
      content: endless(),
    });
  };
  const reader = ReadableStream.from(zip(entries())).getReader();
  for (let index = 0; index < 10; index += 1) await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(read < 100, `${read} blocks were read`);
  await reader.cancel();
  assert.ok(isOver);
});
