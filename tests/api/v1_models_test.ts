/** The models as OpenAI's client lists them. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { clientOf, openAIError, startChat } from "./v1_rig.ts";

const MODELS = ["fake-1", "meta/llama-3"];

Deno.test("models: the list has every name that can be asked for", async () => {
  await using rig = await startChat({ models: MODELS });
  const models = await Array.fromAsync(clientOf(rig.app).models.list());
  const ids = models.map(({ id }) => id);
  for (const id of [...MODELS, "openai/fake-1", "openai/meta/llama-3"]) {
    assert.ok(ids.includes(id), id);
  }
  assert.ok(models.every(({ object }) => object === "model"));
  assert.ok(models.every(({ created }) => created > 1_700_000_000));
});

Deno.test("models: one model by its name, with slashes raw and encoded", async () => {
  await using rig = await startChat({ models: MODELS });
  const model = await clientOf(rig.app).models.retrieve("openai/meta/llama-3");
  assert.equal(model.id, "openai/meta/llama-3");
  assert.equal(model.owned_by, "openai");
  const raw = await rig.app.fetch("/v1/models/openai/meta/llama-3");
  assert.equal((await raw.json()).id, "openai/meta/llama-3");
});

Deno.test("models: an unknown one is 404", async () => {
  await using rig = await startChat({ models: MODELS });
  await assert.rejects(
    clientOf(rig.app).models.retrieve("nothing"),
    OpenAI.NotFoundError,
  );
  await openAIError(
    await rig.app.fetch("/v1/models/%E0%A4%A"),
    404,
    "model_not_found",
  );
});
