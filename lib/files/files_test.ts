import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { newToken } from "@/lib/kv/token.ts";
import { sweepOpenBlobs } from "@/lib/kv/blob_sweep.ts";
import { blobPartKey, openBlobs } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import { cleanName, Files } from "./files.ts";

const SPACE = "wsp_a/usr_a";
const KIB = 1024;
const ABOUT = { name: "a.bin", mediaType: "a/b", purpose: "user_data" };
const LIMIT = { maxBytes: 100_000_000 };

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  pieceBytes: number,
): ReadableStream<Uint8Array> {
  return ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      yield bytes.slice(at, at + pieceBytes);
    }
  })());
}

function filesOf({ store }: Pick<TestStore, "store">, owner = "inc_here") {
  return new Files({ store, owner: () => owner });
}

async function rowsOf({ store }: TestStore): Promise<number> {
  const parts = list(store, { prefix: blobPartKey("", 0).slice(0, 2) });
  const open = list(store, openBlobs());
  return (await Array.fromAsync(parts)).length +
    (await Array.fromAsync(open)).length;
}

async function readAll(
  files: Files,
  id: string,
  range = {},
): Promise<Uint8Array> {
  return await new Response(files.read(SPACE, id, range)).bytes();
}

for (
  const [length, piece] of [
    [0, 1],
    [1, 1],
    [60 * KIB, 60 * KIB],
    [60 * KIB + 1, 7],
    [600 * KIB, 64 * KIB],
    [1_300 * KIB + 3, 100_000],
  ]
) {
  Deno.test(`Files.create: ${length} bytes in pieces of ${piece} come back`, async () => {
    using test = await openTestStore();
    const files = filesOf(test);
    const bytes = bytesOf(length);
    const made = await files.create(
      SPACE,
      ABOUT,
      streamOf(bytes, piece),
      LIMIT,
    );
    assert.equal(made.bytes, length);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    assert.equal(made.sha256, sha256);
    assert.deepEqual(await files.get(SPACE, made.id), made);
    const back = await readAll(files, made.id);
    assert.ok(Buffer.from(back).equals(Buffer.from(bytes)));
  });
}

Deno.test("Files.read: a range is exactly its bytes, wherever parts meet", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const bytes = bytesOf(400 * KIB);
  const { id } = await files.create(
    SPACE,
    ABOUT,
    streamOf(bytes, 9_999),
    LIMIT,
  );
  for (
    const [from, to] of [
      [0, 1],
      [60 * KIB - 1, 60 * KIB + 1],
      [60 * KIB, 120 * KIB],
      [399 * KIB, 400 * KIB],
      [1, 400 * KIB],
    ]
  ) {
    const back = await readAll(files, id, { from, to });
    assert.ok(
      Buffer.from(back).equals(Buffer.from(bytes.subarray(from, to))),
      `${from} to ${to}`,
    );
  }
});

Deno.test("Files.create: bytes beyond the limit are refused with it, and leave nothing", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  await assert.rejects(
    files.create(SPACE, ABOUT, streamOf(bytesOf(1_000_001), 50_000), {
      maxBytes: 1_000_000,
    }),
    { status: 413, code: "file_too_large", message: /1 MB/ },
  );
  assert.equal(await rowsOf(test), 0);
  assert.deepEqual(await files.list(SPACE, { limit: 10 }), []);
});

Deno.test("Files.create: bytes that break off, or are wanted no more, leave nothing", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const breaking = ReadableStream.from((async function* () {
    yield await Promise.resolve(bytesOf(900_000));
    throw new Error("Broken off");
  })());
  await assert.rejects(
    files.create(SPACE, ABOUT, breaking, LIMIT),
    /Broken off/,
  );
  const abort = new AbortController();
  const endless = ReadableStream.from((async function* () {
    for (let sent = 0;; sent += 1) {
      yield await Promise.resolve(bytesOf(100_000));
      if (sent === 20) abort.abort(new Error("Not wanted"));
    }
  })());
  await assert.rejects(
    files.create(SPACE, ABOUT, endless, { ...LIMIT, signal: abort.signal }),
    /Not wanted/,
  );
  assert.equal(await rowsOf(test), 0);
});

Deno.test("Files.create: is whole with a store that loses answers and writes twice", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  test.faults.script("drop", "twice", "loseAck", "mute", "loseAck");
  const bytes = bytesOf(1_500 * KIB);
  const made = await test.drive(
    files.create(SPACE, ABOUT, streamOf(bytes, 99_999), LIMIT),
  );
  const back = await test.drive(readAll(files, made.id));
  assert.ok(Buffer.from(back).equals(Buffer.from(bytes)));
});

Deno.test("Files: what a dead process had not finished goes with the next sweep, and nothing else", async () => {
  using test = await openTestStore();
  const { signal } = new AbortController();
  // No incarnation of that name counts.
  const dead = filesOf(test, `inc_${newToken()}`);
  await dead.write(streamOf(bytesOf(700 * KIB), 60_000), LIMIT);
  const kept = await dead.create(
    SPACE,
    ABOUT,
    streamOf(bytesOf(200 * KIB), 60_000),
    LIMIT,
  );
  assert.equal(await sweepOpenBlobs(test.store, signal), 1);
  assert.equal((await readAll(dead, kept.id)).length, 200 * KIB);
  assert.equal(await rowsOf(test), 4);
});

Deno.test("Files.remove: takes the file, then its parts, in atomics of bounded size", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const { id } = await files.create(
    SPACE,
    ABOUT,
    streamOf(bytesOf(8_000 * KIB), 500_000),
    LIMIT,
  );
  await files.remove(SPACE, id);
  await assert.rejects(files.get(SPACE, id), { status: 404 });
  await assert.rejects(files.remove(SPACE, id), { status: 404 });
  assert.equal(await rowsOf(test), 0);
});

Deno.test("Files.remove: what it could not take is taken by the sweep", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const { id } = await files.create(
    SPACE,
    ABOUT,
    streamOf(bytesOf(4_000 * KIB), 500_000),
    LIMIT,
  );
  // The row goes, and then nothing that is sent arrives for long.
  test.faults.script(null, ...Array(50).fill("drop" as const));
  await test.drive(files.remove(SPACE, id));
  assert.ok(await rowsOf(test) > 0);
  assert.equal(await files.find(SPACE, id), null);
  const { signal } = new AbortController();
  test.faults.heal();
  assert.equal(await sweepOpenBlobs(test.store, signal), 1);
  assert.equal(await rowsOf(test), 0);
});

Deno.test("Files.sweep: takes what has expired, and leaves the rest", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const make = (expiresAtMs: number | null) =>
    files.create(
      SPACE,
      { ...ABOUT, expiresAtMs },
      streamOf(bytesOf(70_000), 70_000),
      LIMIT,
    );
  const soon = await make(test.clock.now() + 1_000);
  const later = await make(test.clock.now() + 5_000);
  const never = await make(null);
  test.clock.advance(2_000);
  assert.equal(await files.find(SPACE, soon.id), null);
  const { signal } = new AbortController();
  assert.equal(await files.sweep(signal), 1);
  assert.equal(await files.sweep(signal), 0);
  const left = await files.list(SPACE, { limit: 10 });
  assert.deepEqual(left.map(({ id }) => id), [never.id, later.id]);
  assert.equal(await rowsOf(test), 4);
});

Deno.test("Files: a file of one space is not there for another", async () => {
  using test = await openTestStore();
  const files = filesOf(test);
  const { id } = await files.create(
    SPACE,
    ABOUT,
    streamOf(bytesOf(10), 10),
    LIMIT,
  );
  for (const space of ["wsp_a/usr_b", "wsp_a", "wsp_b/usr_a"]) {
    await assert.rejects(files.get(space, id), { status: 404 });
    await assert.rejects(files.remove(space, id), { status: 404 });
    await assert.rejects(new Response(files.read(space, id)).bytes());
  }
  assert.equal((await readAll(files, id)).length, 10);
});

Deno.test("cleanName: keeps what people read, and half of no character", () => {
  assert.equal(cleanName("a/b\\c.txt"), "c.txt");
  assert.equal(cleanName("  \u0000 "), "file");
  assert.equal(cleanName(`${"x".repeat(254)}🌊`), "x".repeat(254));
});
