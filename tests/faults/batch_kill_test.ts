/** A batch whose process dies again and again: it goes on from what was stored, and no line has two answers. */
import assert from "node:assert/strict";
import type { BatchObject } from "@/lib/gateway/batches/batch_object.ts";
import type { ServerProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import { batchLine, fieldPart, filePart, rawForm } from "../api/files_rig.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const LINES = rounds(32, 500);
const KILLS = rounds(1, 4);
/** A job whose process has died alone waits longer each time, up to a minute. */
const DEADLINE_MS = 3 * STEP_DEADLINE_MS;
/** Lines that may be asked without being stored yet when the process dies, by the bounds of the program. */
const MAX_AGAIN = 8 + 64;

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

async function beginBatch(server: ServerProcess): Promise<BatchObject> {
  const lines = Array.from(
    { length: LINES },
    (_, index) =>
      batchLine(`line-${index}`, {
        model: "fake/fake-1",
        messages: [{ role: "user", content: `Line ${index}` }],
      }),
  );
  const form = rawForm([
    filePart(lines.join("\n")),
    fieldPart("purpose", "batch"),
  ]);
  const file = await json<{ id: string }>(
    await server.fetch("/v1/files", { method: "POST", ...form }),
  );
  return await json(
    await server.post("/v1/batches", {
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    }),
  );
}

Deno.test("kill -9: a batch goes on from its last stored line, and no line is answered twice", async () => {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: { text: "A few words", firstTokenDelayMs: 40 },
  });
  let server = await rig.start();
  try {
    const { id } = await beginBatch(server);
    let done = 0;
    const look = async () => {
      const batch = await json<BatchObject>(
        await server.fetch(`/v1/batches/${id}`),
      );
      const { completed, failed } = batch.request_counts;
      assert.ok(completed + failed >= done, "the progress went back");
      done = completed + failed;
      return batch;
    };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const enough = Math.floor(LINES * kill / (KILLS + 2));
      await waitFor("progress", async () => {
        await look();
        return done >= enough;
      }, DEADLINE_MS);
      await server.kill("SIGKILL");
      server = await rig.start();
    }
    const batch = await waitFor("the end of the batch", async () => {
      const now = await look();
      return now.status === "completed" ? now : null;
    }, DEADLINE_MS);
    assert.deepEqual(batch.request_counts, {
      total: LINES,
      completed: LINES,
      failed: 0,
    });
    assert.equal(batch.error_file_id, null);
    const text = await (await server.fetch(
      `/v1/files/${batch.output_file_id}/content`,
    )).text();
    const ids = text.trimEnd().split("\n")
      .map((line) => JSON.parse(line).custom_id);
    assert.deepEqual(
      ids.toSorted(),
      Array.from({ length: LINES }, (_, index) => `line-${index}`).toSorted(),
    );
    const again = rig.upstream.chats().length - LINES;
    assert.ok(again <= KILLS * MAX_AGAIN, `${again} lines were asked again`);
  } finally {
    await server.kill("SIGKILL");
  }
});

Deno.test("kill -9: another process of the same store goes on with a batch", async () => {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: { text: "A few words" },
  });
  await using first = await rig.start();
  rig.upstream.hold();
  const { id } = await beginBatch(first);
  await rig.upstream.waitForChat(0);
  await using second = await rig.start();
  await first.kill("SIGKILL");
  rig.upstream.release();
  const batch = await waitFor("the end of the batch", async () => {
    const now = await json<BatchObject>(
      await second.fetch(`/v1/batches/${id}`),
    );
    return now.status === "completed" ? now : null;
  }, STEP_DEADLINE_MS);
  assert.equal(batch.request_counts.completed, LINES);
});
