/** A key that is revoked through one process while another works for it. */
import assert from "node:assert/strict";
import { bearer, makeKey, revokeKey } from "../api/key_rig.ts";
import { sseEvents } from "../api/v1_rig.ts";
import type { ServerProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { ledgerRows, processRig } from "./process_rig.ts";

const TEXT = "one two three four five six seven eight nine ten";
const ASKED = {
  model: "fake/fake-1",
  messages: [{ role: "user", content: "How high is the river?" }],
  stream: true,
};

/** Asks for a stream and reads it until the second word is there. */
async function begin(
  server: ServerProcess,
  key: string,
  headers: Record<string, string> = {},
) {
  const response = await server.post("/v1/chat/completions", ASKED, {
    ...bearer(key),
    ...headers,
  });
  assert.equal(response.status, 200);
  const events = sseEvents(response.body!);
  let text = "";
  while (!text.includes("two")) text += (await events.next()).value!.data;
  return { run: response.headers.get("x-freshet-run")!, events };
}

Deno.test("keys: one revoked through another process ends what goes on here, and is refused", async () => {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: { text: TEXT, split: false, usage: "own" },
  });
  await using here = await rig.start();
  await using there = await rig.start();
  const made = await makeKey(here);
  const other = await makeKey(here);
  rig.upstream.hold();
  const begun = [
    begin(here, made.key),
    begin(here, made.key, { "x-freshet-detach": "true" }),
  ];
  await Promise.all([0, 1].map((index) => rig.upstream.waitForChat(index)));
  // Both wait for each of their words, so they get them in turn.
  rig.upstream.release(8);
  const streams = await Promise.all(begun);
  await revokeKey(there, made.id);
  for (const [index, { run, events }] of streams.entries()) {
    const rest = await Array.fromAsync(events);
    assert.equal(rest.at(-1)!.data, "[DONE]");
    const { error } = JSON.parse(rest.at(-2)!.data);
    assert.equal(error.code, "invalid_api_key");
    await rig.upstream.waitForHangUp(index);
    const ended = await waitFor("the end of the run", async () => {
      const response = await there.fetch(`/v1/runs/${run}`, {
        headers: bearer(other.key),
      });
      const record = await response.json();
      return record.status !== "running" && record;
    });
    assert.equal(ended.status, "cancelled");
    assert.match(ended.output_text, /^one two/);
  }
  for (const server of [here, there]) {
    const response = await server.post(
      "/v1/chat/completions",
      ASKED,
      bearer(made.key),
    );
    assert.equal(response.status, 401);
    await response.body?.cancel();
  }
  await here.kill("SIGTERM");
  await there.kill("SIGTERM");
  const all = await ledgerRows(rig.dataDir);
  // Whoever asks in the second before the other process has noticed is refused then.
  const rows = all.filter(({ run: id }) =>
    streams.some(({ run }) => run === id)
  );
  assert.deepEqual(
    rows.map(({ run, key, status }) => ({ run, key, status }))
      .sort((a, b) => a.run < b.run ? -1 : 1),
    streams.map(({ run }) => ({ run, key: made.id, status: "cancelled" }))
      .sort((a, b) => a.run < b.run ? -1 : 1),
  );
});

Deno.test("keys: a detached run outlives its process, but not its key", async () => {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: { text: TEXT, split: false, usage: "own" },
  });
  await using here = await rig.start();
  await using there = await rig.start();
  const made = await makeKey(here);
  rig.upstream.hold();
  rig.upstream.release(3);
  const { run, events } = await begin(here, made.key, {
    "x-freshet-detach": "true",
  });
  await here.kill("SIGKILL");
  await Array.fromAsync(events).catch(() => {});
  const record = async () =>
    await (await there.fetch(`/v1/runs/${run}`)).json();
  await waitFor(
    "the run to be begun again",
    async () => (await record()).epoch === 2,
  );
  await rig.upstream.waitForChat(1);
  await revokeKey(there, made.id);
  const ended = await waitFor("the end of the run", async () => {
    const now = await record();
    return now.status !== "running" && now;
  });
  assert.equal(ended.status, "cancelled");
  await rig.upstream.waitForHangUp(1);
});
