/** `Prefer` (RFC 7240) where a question is asked: the run at once, or the answer if it is there in time. */
import assert from "node:assert/strict";
import { newThread, startChat } from "../support/chat_client.ts";

type Rig = Awaited<ReturnType<typeof startChat>>;

/** Where a question can be asked, and with what. */
const PLACES: Record<string, (rig: Rig) => Promise<[string, unknown]>> = {
  "/api/stream": () =>
    Promise.resolve(["/api/stream", { query: "Hello", model: "fake-1" }]),
  "/api/threads/:id/runs": async ({ app }) => [
    `/api/threads/${(await newThread(app)).id}/runs`,
    { message: { content: "Hello" }, model: "fake-1" },
  ],
};

for (const [place, questionOf] of Object.entries(PLACES)) {
  const ask = async (rig: Rig, headers: Record<string, string>) =>
    await rig.app.post(...await questionOf(rig), headers);

  Deno.test(`Prefer at ${place}: respond-async answers 202 at once, wait=N when N seconds are over`, async () => {
    await using rig = await startChat();
    rig.upstream.hold();
    for (const prefer of ["respond-async", "wait=0", "wait=1"]) {
      const response = await ask(rig, { prefer });
      assert.equal(response.status, 202);
      assert.equal(response.headers.get("preference-applied"), prefer);
      const { run, message } = await response.json();
      assert.equal(response.headers.get("location"), `/api/runs/${run.id}`);
      assert.deepEqual(
        [run.status, message.content],
        ["running", "Hello"],
      );
    }
  });

  Deno.test(`Prefer at ${place}: wait=N answers 200 when the answer is there in time`, async () => {
    await using rig = await startChat({ behaviour: { text: "Hello to you" } });
    const response = await ask(rig, { prefer: "wait=20" });
    assert.equal(response.status, 200);
    const { run } = await response.json();
    assert.deepEqual(
      [run.status, run.outputText],
      ["completed", "Hello to you"],
    );
  });

  Deno.test(`Prefer at ${place}: who accepts a stream gets it`, async () => {
    await using rig = await startChat();
    const response = await ask(rig, {
      accept: "text/event-stream",
      prefer: "respond-async",
    });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /event: done/);
  });
}
