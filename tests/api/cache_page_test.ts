/** Kept answers looked up and purged, over HTTP and on the page of the admins. */
import assert from "node:assert/strict";
import type { CacheLookup, KeptAnswer } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import { type ChatRig, startChat } from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";
import { clientOf, MODEL, postChat, question } from "./v1_rig.ts";

const TEXT = "The crest passed at zebrafinch o'clock";

const asked = question({ temperature: 0 });

/** A server that has kept an answer. */
async function start(): Promise<{ rig: ChatRig; kept: KeptAnswer }> {
  const rig = await startChat({ behaviour: { text: TEXT } });
  const { app } = rig;
  const response = await postChat(app, asked);
  assert.equal(response.headers.get("x-freshet-cache"), "miss");
  await response.body?.cancel();
  const kept = await waitFor("the kept answer", async () => {
    const { items } = await (await app.fetch("/api/cache/answers")).json();
    return items[0] as KeptAnswer | undefined;
  });
  return { rig, kept };
}

async function lookUp(
  app: Pick<TestApp, "post">,
  body: unknown,
): Promise<CacheLookup> {
  const response = await app.post("/api/cache/lookup", body);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** Posts a form as a browser without a script does. */
async function postForm(
  app: Pick<TestApp, "fetch">,
  fields: Record<string, string>,
): Promise<Response> {
  return await app.fetch("/admin/cache", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
}

Deno.test("cache look-up: finds by the request what it would get, and asks nobody", async () => {
  const { rig, kept } = await start();
  await using _ = rig;
  const { app, upstream } = rig;
  const chats = upstream.chats().length;
  const found = await lookUp(app, asked);
  assert.deepEqual(found.items.map(({ key }) => key), [kept.key]);
  assert.ok(found.keys.includes(kept.key));
  assert.equal(found.items[0].isInMemory, true);
  assert.equal(found.items[0].finishReason, "stop");
  // How it is delivered does not matter, and the name of the model may be another of its own.
  const other = { ...asked, stream: true, model: `openai/${MODEL}` };
  assert.deepEqual((await lookUp(app, other)).items.length, 1);
  const else_ = { ...asked, seed: 7 };
  assert.deepEqual((await lookUp(app, else_)).items, []);
  assert.deepEqual(await lookUp(app, question()), { keys: [], items: [] });
  assert.equal(upstream.chats().length, chats);
});

Deno.test("cache look-up: finds by the key, and refuses what is none", async () => {
  const { rig, kept } = await start();
  await using _ = rig;
  const { app } = rig;
  const statuses: number[] = [];
  for (const key of [kept.key, "0".repeat(64), "nonsense"]) {
    const response = await app.fetch(`/api/cache/answers/${key}`);
    const body = await response.json();
    statuses.push(response.status);
    if (response.ok) assert.equal(body.model, `openai/${MODEL}`);
    assert.ok(!JSON.stringify(body).includes("zebrafinch"));
  }
  assert.deepEqual(statuses, [200, 404, 400]);
});

Deno.test("/admin/cache: shows what is kept without its text, looks it up, and purges it", async () => {
  const { rig, kept } = await start();
  await using _ = rig;
  const { app, upstream } = rig;
  const page = await (await app.fetch("/admin/cache")).text();
  assert.match(page, new RegExp(kept.key.slice(0, 12)));
  assert.ok(!page.includes("zebrafinch"));
  const found = await postForm(app, {
    action: "look-up",
    what: JSON.stringify(asked),
  });
  assert.equal(found.status, 200);
  assert.match(await found.text(), /Purge this answer/);
  const nothing = await postForm(app, {
    action: "look-up",
    what: "0".repeat(64),
  });
  assert.match(await nothing.text(), /None is kept/);
  const refused = await postForm(app, { action: "look-up", what: "{" });
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /Want a key of 64 letters and digits/);
  const gone = await postForm(app, {
    action: "purge",
    purge: "key",
    key: kept.key,
  });
  assert.equal(gone.headers.get("location"), "/admin/cache?purged=1");
  const chats = upstream.chats().length;
  const again = await clientOf(app).chat.completions.create(asked);
  assert.match(again.choices[0].message.content ?? "", /crest/);
  assert.equal(upstream.chats().length, chats + 1);
});

Deno.test("/admin/cache: purges a model, all, and nothing where a form says neither", async () => {
  const { rig } = await start();
  await using _ = rig;
  const { app } = rig;
  const locations: (string | number | null)[] = [];
  for (
    const fields of [
      { action: "purge", purge: "model", model: "" },
      { action: "purge", purge: "everything" },
      { action: "purge", purge: "model", model: "another" },
      { action: "purge", purge: "model", model: `openai/${MODEL}` },
      { action: "purge", purge: "all" },
    ]
  ) {
    const response = await postForm(app, fields as Record<string, string>);
    await response.body?.cancel();
    locations.push(response.headers.get("location") ?? response.status);
  }
  assert.deepEqual(locations, [
    400,
    400,
    "/admin/cache?purged=0",
    "/admin/cache?purged=1",
    "/admin/cache?purged=0",
  ]);
});
