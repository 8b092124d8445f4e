/** Limits of several people and groups, and on every surface that asks a model. */
import assert from "node:assert/strict";
import { question, startChat } from "./v1_rig.ts";
import { problemCode } from "./key_rig.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import type { TestApp } from "../support/app.ts";

const SAYS = { text: "Two metres", usage: "own" as const };

/** Makes somebody a member, in groups, and signs them in. */
async function member(
  app: TestApp,
  owner: Awaited<ReturnType<typeof signedIn>>,
  name: string,
  groups: string[],
) {
  const person = {
    email: `${name}@example.org`,
    password: `${name}'s password`,
  };
  const made = await owner.send("POST", "/api/users", {
    ...person,
    role: "member",
  });
  const user = await made.json();
  assert.equal(made.status, 201, JSON.stringify(user));
  const joined = await owner.send(
    "PATCH",
    `/api/users/${user.id}`,
    { groups },
    { "if-match": "*" },
  );
  assert.equal(joined.status, 200, await joined.text());
  return { id: user.id as string, ...await signedIn(app, person) };
}

async function ask(
  person: Awaited<ReturnType<typeof signedIn>>,
): Promise<number> {
  const response = await person.send("POST", "/api/stream", { query: "x" });
  await response.body?.cancel();
  return response.status;
}

Deno.test("limits of people: members of a group share its count, others have their own, and nobody sees another's", async () => {
  await using rig = await startChat({ behaviour: SAYS }, {
    env: PASSWORD_MODE,
    configFile: { limits: [{ subject: "user:*", requestsPerMinute: 5 }] },
  });
  const { app } = rig;
  const owner = await signedIn(app, OWNER);
  const group = await (await owner.send("POST", "/api/groups", {
    name: "Hydrology",
  })).json();
  const anna = await member(app, owner, "anna", [group.id]);
  const bert = await member(app, owner, "bert", [group.id]);
  const carl = await member(app, owner, "carl", []);
  const set = await owner.send("PUT", "/api/limits", {
    items: [{ subject: `group:${group.id}`, requestsPerMinute: 3 }],
  }, { "if-match": "*" });
  assert.equal(set.status, 200, await set.text());
  const forbidden = await anna.fetch("/api/limits");
  assert.equal(await problemCode(forbidden, 403), "forbidden");
  assert.deepEqual(
    [await ask(anna), await ask(bert), await ask(anna), await ask(bert)],
    [200, 200, 200, 429],
  );
  assert.equal(await ask(carl), 200);
  const own = await (await anna.fetch("/api/limits/effective")).json();
  assert.deepEqual(
    own.limits.map((
      { subject, used, because }: Record<string, unknown>,
    ) => [subject, used, because]),
    [
      [
        `group:${group.id}`,
        3,
        "Limited to 3 requests a minute because a policy, set by an admin, is for the group Hydrology and holds in place of any for each group.",
      ],
      [
        `user:${anna.id}`,
        2,
        "Limited to 5 requests a minute because a policy, from the configuration file, is for each person.",
      ],
    ],
  );
  const others = await anna.fetch(`/api/limits/effective?user=${bert.id}`);
  assert.equal(await problemCode(others, 404), "not_found");
  const seen = await owner.fetch(`/api/limits/effective?user=${bert.id}`);
  assert.equal((await seen.json()).limits.length, 2);
});

Deno.test("limits on every surface: each request that asks a model counts, and its refusal has the shape of its API", async () => {
  await using rig = await startChat({ behaviour: SAYS }, {
    configFile: { limits: [{ subject: "user:*", requestsPerMinute: 0 }] },
  });
  const { app, upstream } = rig;
  const input = "How high?";
  const openAI: [string, unknown][] = [
    ["/v1/chat/completions", question()],
    ["/v1/responses", { model: "fake-1", input }],
    ["/v1/completions", { model: "fake-1", prompt: input }],
    ["/v1/embeddings", { model: "fake-1", input }],
  ];
  for (const [path, body] of openAI) {
    const response = await app.post(path, body);
    assert.equal(response.status, 429, path);
    const { error } = await response.json();
    assert.equal(error.code, "rate_limit_exceeded", path);
    assert.equal(response.headers.get("x-should-retry"), "false", path);
  }
  const detached = await app.post("/v1/chat/completions", question(), {
    "x-freshet-detach": "true",
  });
  assert.equal(detached.status, 429);
  await detached.body?.cancel();
  const thread = await (await app.post("/api/threads", {})).json();
  const own: [string, unknown][] = [
    ["/api/stream", { query: input }],
    [`/api/threads/${thread.id}/runs`, { message: { content: input } }],
    ["/api/chat", {
      id: "chat-1",
      messages: [{
        id: "m1",
        role: "user",
        parts: [{ type: "text", text: input }],
      }],
    }],
  ];
  for (const [path, body] of own) {
    const response = await app.post(path, body);
    assert.equal(
      await problemCode(response, 429),
      "rate_limit_exceeded",
      path,
    );
  }
  assert.equal(upstream.chats().length, 0);
  const metrics = await (await app.fetch("/metrics")).text();
  assert.match(
    metrics,
    /freshet_limit_refusals_total\{limit="requestsPerMinute",subject="user"\} 8/,
  );
});
