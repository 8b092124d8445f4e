/** Documents over processes that are killed: uploads and readings go on from their last batch. */
import assert from "node:assert/strict";
import type { Document, Page } from "@/lib/shared/wire.ts";
import type { DocumentChunk } from "@/lib/shared/wire.ts";
import type { TableProfile } from "@/lib/shared/documents/profile_wire.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";

const STEP_DEADLINE_MS = rounds(60_000, 600_000);
const ROWS = rounds(100_000, 1_500_000);
const PART_BYTES = 2_000_000;

function table(): Uint8Array<ArrayBuffer> {
  const rows = Array.from(
    { length: ROWS },
    (_, n) => `${n},2026-01-02,Gauge ${n % 500},${n % 97 / 10},"low, clear"`,
  );
  const head = "id,day,name,level,note";
  return new TextEncoder().encode(`${head}\n${rows.join("\n")}\n`);
}

async function get(server: ServerProcess, id: string): Promise<Document> {
  const response = await server.fetch(`/api/documents/${id}`);
  assert.equal(response.status, 200);
  return await response.json();
}

async function offsetOf(server: ServerProcess, id: string): Promise<number> {
  const response = await server.fetch(`/api/documents/${id}/upload`, {
    method: "HEAD",
  });
  return Number(response.headers.get("upload-offset"));
}

function send(
  server: ServerProcess,
  id: string,
  offset: number,
  body: BodyInit,
): Promise<Response> {
  return server.fetch(`/api/documents/${id}/upload`, {
    method: "PATCH",
    headers: {
      "content-type": "application/offset+octet-stream",
      "upload-offset": String(offset),
    },
    body,
  });
}

Deno.test("documents: kill -9 while one is uploaded, profiled and indexed costs one batch, and nothing is counted twice", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const bytes = table();
  try {
    let server = await startProcess(dataDir);
    const created = await server.post("/api/documents", {
      name: "levels.csv",
      size: bytes.length,
    });
    const { id }: Document = await created.json();
    await send(server, id, 0, bytes.slice(0, PART_BYTES));
    // The rest never ends, and neither does the server wait for it.
    const rest = send(
      server,
      id,
      PART_BYTES,
      new ReadableStream({
        start: (controller) =>
          controller.enqueue(bytes.slice(PART_BYTES, PART_BYTES + 1_000_000)),
      }),
    ).catch(() => null);
    await waitFor(
      "more than the first part",
      async () => await offsetOf(server, id) > PART_BYTES,
      STEP_DEADLINE_MS,
    );
    await server.kill("SIGKILL");
    await rest;

    server = await startProcess(dataDir);
    const offset = await offsetOf(server, id);
    assert.ok(offset > PART_BYTES, `only ${offset} bytes are there`);
    await send(server, id, offset, bytes.slice(offset));

    let highest = 0;
    const follow = async () => {
      const document = await get(server, id);
      assert.ok(
        document.progress >= highest,
        `progress fell from ${highest} to ${document.progress}`,
      );
      highest = document.progress;
      return document;
    };
    for (const enough of [0.1, 0.6]) {
      await waitFor(
        `a progress of ${enough}`,
        async () => (await follow()).progress >= enough,
        STEP_DEADLINE_MS,
      );
      await server.kill("SIGKILL");
      server = await startProcess(dataDir);
    }
    const ready = await waitFor("its end", async () => {
      const document = await follow();
      assert.notEqual(document.state, "failed", document.error ?? "");
      return document.state === "ready" && document;
    }, STEP_DEADLINE_MS);
    assert.equal(ready.rows, ROWS);
    const profile: TableProfile =
      await (await server.fetch(`/api/documents/${id}/profile`)).json();
    assert.deepEqual(
      profile.columns.map(({ values, missing }) => [values, missing]),
      profile.columns.map(() => [ROWS, 0]),
    );
    assert.equal(profile.columns[0].numbers?.mean, (ROWS - 1) / 2);
    assert.equal(profile.duplicates.rows, 0);
    await assertWhole(server, ready);
    assert.deepEqual(
      server.logLines.filter((line) => line.includes("no workers here")),
      [],
    );
    await server.kill("SIGKILL");
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** The pieces follow each other without a gap, and each is there once. */
async function assertWhole(
  server: ServerProcess,
  { id, chunks }: Document,
): Promise<void> {
  const numbers: number[] = [];
  let lastRow = 0;
  for (let cursor: string | null = "1"; cursor !== null;) {
    const response: Response = await server.fetch(
      `/api/documents/${id}/chunks?limit=200&cursor=${cursor}`,
    );
    const page: Page<DocumentChunk> = await response.json();
    for (const { number, place } of page.items) {
      numbers.push(number);
      const [, from, to] = /^rows? (\d+)(?: to (\d+))?$/.exec(place)!;
      assert.equal(Number(from), lastRow + 1);
      lastRow = Number(to ?? from);
    }
    cursor = page.nextCursor;
  }
  assert.equal(numbers.length, chunks);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
  const found = await server.fetch(
    `/api/documents/search?q=gauge&documentId=${id}`,
  );
  assert.equal((await found.json()).items.length, 1);
}
