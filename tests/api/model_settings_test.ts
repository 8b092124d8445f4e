/** Which models the people of a workspace may ask, what lists show, and what new threads begin with. */
import assert from "node:assert/strict";
import type { ModelSettings } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  type ChatRig,
  getRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";
import { bearer, makeKey } from "./key_rig.ts";
import { openAIError, question } from "./v1_rig.ts";

const MEMBER = {
  email: "member@example.org",
  password: "the member's password",
};

interface People extends AsyncDisposable {
  rig: ChatRig;
  owner: SignedIn;
  member: SignedIn;
  /** Group of the member. */
  group: string;
}

async function start(): Promise<People> {
  const rig = await startChat({ models: ["fake-1", "fake-2"] }, {
    env: PASSWORD_MODE,
    configFile: {
      cache: { policy: "all" },
      routes: [{
        id: "best",
        targets: [{ provider: "openai", model: "fake-1" }],
      }],
    },
  });
  const owner = await signedIn(rig.app, OWNER);
  const made = await owner.send("POST", "/api/groups", { name: "Testers" });
  const { id: group } = await made.json();
  const added = await owner.send("POST", "/api/users", {
    ...MEMBER,
    role: "member",
    groups: [group],
  });
  assert.equal(added.status, 201, await added.text());
  return {
    rig,
    owner,
    member: await signedIn(rig.app, MEMBER),
    group,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

async function change(
  { owner }: People,
  patch: unknown,
  version: number,
): Promise<ModelSettings> {
  const response = await owner.send("PATCH", "/api/models/settings", patch, {
    "if-match": `"${version}"`,
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

async function listOf(person: Pick<SignedIn, "fetch">) {
  const { items, defaultModel } = await (await person.fetch("/api/models"))
    .json();
  return {
    ids: items.map(({ id }: { id: string }) => id),
    defaultModel,
  };
}

/** Status and code of a question in a new thread. */
async function asks(
  person: SignedIn,
  model: string | undefined,
): Promise<[number, string]> {
  const thread = await (await person.send("POST", "/api/threads", {})).json();
  const response = await person.send(
    "POST",
    `/api/threads/${thread.id}/runs`,
    { message: { content: "x" }, model },
    { prefer: "wait=20" },
  );
  const body = await response.json();
  return [response.status, body.code ?? body.run?.model ?? body.model];
}

Deno.test("model settings: a model for owners alone is asked and listed by nobody else, by no name and on no surface", async () => {
  await using people = await start();
  const { rig: { app, upstream }, owner, member } = people;
  // What the owner has asked is kept, and so could be had without asking.
  assert.equal((await asks(owner, "fake-2"))[0], 200);
  const asked = upstream.chats().length;
  await change(people, {
    models: [{ id: "openai/fake-2", leastRole: "owner" }],
  }, 0);
  for (const name of ["fake-2", "openai/fake-2"]) {
    assert.deepEqual(await asks(member, name), [403, "model_not_allowed"]);
  }
  assert.deepEqual((await listOf(member)).ids, ["best", "fake-1"]);
  assert.deepEqual((await listOf(owner)).ids, ["best", "fake-1", "fake-2"]);
  const { key } = await makeKey(app, { scopes: ["v1"] }, {
    cookie: member.cookie,
  });
  const byKey = (path: string, body: unknown) =>
    app.post(path, body, bearer(key));
  const chat = await byKey(
    "/v1/chat/completions",
    question({ model: "openai/fake-2" }),
  );
  await openAIError(chat, 403, "model_not_allowed");
  const embeddings = await byKey("/v1/embeddings", {
    model: "fake-2",
    input: "x",
  });
  await openAIError(embeddings, 403, "model_not_allowed");
  const responses = await byKey("/v1/responses", {
    model: "fake-2",
    input: "x",
  });
  await openAIError(responses, 403, "model_not_allowed");
  const models = await app.fetch("/v1/models", { headers: bearer(key) });
  const { data } = await models.json();
  assert.deepEqual(
    data.map(({ id }: { id: string }) => id),
    ["best", "fake-1", "openai/fake-1"],
  );
  const one = await app.fetch("/v1/models/fake-2", { headers: bearer(key) });
  await openAIError(one, 404, "model_not_found");
  assert.equal(upstream.chats().length, asked);
});

Deno.test("model settings: a group may ask what others may not, until its people leave it", async () => {
  await using people = await start();
  const { owner, member, group } = people;
  await change(people, {
    models: [{ id: "openai/fake-2", leastRole: null, groups: [group] }],
  }, 0);
  assert.equal((await asks(member, "fake-2"))[0], 200);
  assert.deepEqual(await asks(owner, "fake-2"), [403, "model_not_allowed"]);
  const unknown = await owner.send("PATCH", "/api/models/settings", {
    models: [{ id: "openai/fake-1", groups: ["grp_0000000000000000000000"] }],
  }, { "if-match": "*" });
  assert.equal(unknown.status, 404);
  await unknown.body?.cancel();
});

Deno.test("model settings: a model that lists do not show is asked by its name all the same", async () => {
  await using people = await start();
  await change(people, {
    models: [{ id: "openai/fake-2", isListed: false }],
  }, 0);
  assert.deepEqual((await listOf(people.member)).ids, ["best", "fake-1"]);
  assert.equal((await asks(people.member, "fake-2"))[0], 200);
});

Deno.test("model settings: new threads begin with the workspace's default, where who asks may ask it", async () => {
  await using people = await start();
  const { member, owner } = people;
  await change(people, { defaultModel: "openai/fake-2" }, 0);
  assert.equal((await listOf(member)).defaultModel, "fake-2");
  assert.deepEqual(await asks(member, undefined), [200, "fake-2"]);
  await change(people, {
    models: [{ id: "openai/fake-2", leastRole: "owner" }],
  }, 1);
  assert.deepEqual(await asks(member, undefined), [200, "fake-1"]);
  assert.deepEqual(await asks(owner, undefined), [200, "fake-2"]);
  await change(people, { defaultModel: "best" }, 2);
  assert.deepEqual(await asks(member, undefined), [200, "best"]);
});

Deno.test("model settings: a thread whose model is taken from its owner goes on with the default", async () => {
  await using people = await start();
  const { member } = people;
  const thread = await (await member.send("POST", "/api/threads", {
    model: "fake-2",
  })).json();
  const say = async () => {
    const response = await member.send(
      "POST",
      `/api/threads/${thread.id}/runs`,
      { message: { content: "x" } },
      { prefer: "wait=20" },
    );
    const body = await response.json();
    return body.run?.model ?? body.model ?? body.code;
  };
  assert.equal(await say(), "fake-2");
  await change(people, {
    models: [{ id: "openai/fake-2", leastRole: "admin" }],
  }, 0);
  assert.equal(await say(), "fake-1");
});

Deno.test("model settings: where others are for nobody, only those are asked that are named", async () => {
  await using people = await start();
  const { member } = people;
  await change(people, {
    others: { leastRole: null, isListed: false },
    models: [{ id: "openai/fake-2", leastRole: "viewer", isListed: true }],
  }, 0);
  const { ids, defaultModel } = await listOf(member);
  assert.deepEqual([ids, defaultModel], [["fake-2"], "fake-2"]);
  assert.deepEqual(await asks(member, undefined), [200, "fake-2"]);
  for (const name of ["fake-1", "best", "openai/a-model-of-tomorrow"]) {
    const [status] = await asks(member, name);
    assert.ok(status === 403 || status === 404, `${name}: ${status}`);
  }
});

Deno.test("model settings: only admins read and change them, and need the version that is there", async () => {
  await using people = await start();
  const { owner, member } = people;
  const path = "/api/models/settings";
  const read = await member.fetch(path);
  await read.body?.cancel();
  const patch = { defaultModel: null };
  const statuses = [read.status];
  for (
    const [person, body, version] of [
      [member, patch, "0"],
      [owner, patch, null],
      [owner, patch, "7"],
      [owner, {}, "0"],
      [owner, { models: [{ id: "x", leastRole: "king" }] }, "0"],
      [owner, patch, "0"],
    ] as const
  ) {
    const response = await person.send(
      "PATCH",
      path,
      body,
      version === null ? {} : { "if-match": `"${version}"` },
    );
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [403, 403, 428, 412, 400, 400, 200]);
});

Deno.test("model settings: what a route leads to may be kept from people who may ask the route", async () => {
  await using people = await start();
  await change(people, {
    models: [{ id: "openai/fake-1", leastRole: null }],
  }, 0);
  assert.deepEqual(await asks(people.member, "fake-1"), [
    403,
    "model_not_allowed",
  ]);
  assert.deepEqual(await asks(people.member, "best"), [200, "best"]);
});

/** Posts a form as a browser without a script does. */
async function postForm(
  app: Pick<TestApp, "fetch">,
  path: string,
  fields: [string, string][],
): Promise<Response> {
  return await app.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });
}

Deno.test("/admin/models: says who may ask, hides all that a filter finds, and sets the default, without a script", async () => {
  await using people = await start();
  const { owner, member, group } = people;
  const page = await (await owner.fetch("/admin/models")).text();
  assert.match(page, /fake-2/);
  assert.match(page, /Testers/);
  const saved = await postForm(owner, "/admin/models", [
    ["action", "save"],
    ["version", "0"],
    ["model", "openai/fake-1"],
    ["listed-0", "on"],
    ["audience-0", "everyone"],
    ["model", "openai/fake-2"],
    ["audience-1", "groups"],
    ["groups-1", "testers"],
  ]);
  assert.equal(saved.status, 303);
  const unknown = await postForm(owner, "/admin/models", [
    ["action", "save"],
    ["version", "1"],
    ["model", "openai/fake-2"],
    ["audience-0", "groups"],
    ["groups-0", "Testers, Strangers"],
  ]);
  assert.equal(unknown.status, 400);
  assert.match(await unknown.text(), /There is no group “Strangers”/);
  const { items, version }: ModelSettings =
    await (await owner.fetch("/api/models/settings")).json();
  assert.equal(version, 1);
  const { isListed, leastRole, groups } = items
    .find(({ id }) => id === "openai/fake-2")!;
  assert.deepEqual([isListed, leastRole, groups], [false, null, [group]]);
  const stale = await postForm(owner, "/admin/models", [
    ["action", "default"],
    ["version", "0"],
    ["defaultModel", "best"],
  ]);
  assert.equal(stale.status, 412);
  assert.match(await stale.text(), /was changed meanwhile/);
  const hidden = await postForm(owner, "/admin/models?q=fake", [
    ["action", "hide"],
    ["version", "1"],
  ]);
  assert.equal(
    hidden.headers.get("location"),
    "/admin/models?q=fake&done=save",
  );
  assert.deepEqual((await listOf(member)).ids, ["best"]);
});

Deno.test("model settings: a server of one person shows no roles, and its default counts", async () => {
  await using rig = await startChat({ models: ["fake-1", "fake-2"] });
  const { app } = rig;
  const page = await (await app.fetch("/admin/models")).text();
  assert.doesNotMatch(page, /May ask it/);
  const saved = await postForm(app, "/admin/models", [
    ["action", "default"],
    ["version", "0"],
    ["defaultModel", "openai/fake-2"],
  ]);
  assert.equal(saved.status, 303);
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, { message: { content: "x" } });
  assert.equal((await getRun(app, run.id)).model, "fake-2");
});
