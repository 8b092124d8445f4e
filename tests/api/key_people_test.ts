/** Keys of people: what becomes of them when roles, people and sessions change. */
import assert from "node:assert/strict";
import type { TestApp } from "../support/app.ts";
import { readEvents } from "../support/sse.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";
import { bearer, clientWith, makeKey, problemCode } from "./key_rig.ts";
import { type ChatRig, openAIError, question, startChat } from "./v1_rig.ts";

const PASSWORD = "a password of theirs";
const TEXT = "one two three four five six seven eight nine ten";
const SAYS = { text: TEXT, usage: "own" as const, split: false };

interface Person extends SignedIn {
  id: string;
}

async function startPeople(): Promise<
  ChatRig & { owner: SignedIn; add(role: string): Promise<Person> }
> {
  const rig = await startChat({ behaviour: SAYS }, { env: PASSWORD_MODE });
  const owner = await signedIn(rig.app, OWNER);
  let count = 0;
  return {
    ...rig,
    owner,
    async add(role) {
      count += 1;
      const email = `person${count}@example.org`;
      const body = { email, role, password: PASSWORD };
      const response = await owner.send("POST", "/api/users", body);
      const text = await response.text();
      assert.equal(response.status, 201, text);
      const person = await signedIn(rig.app, { email, password: PASSWORD });
      return { ...person, id: JSON.parse(text).id };
    },
  };
}

/** Changes a person as the owner does. */
async function change(
  owner: SignedIn,
  { id }: Person,
  body: Record<string, unknown>,
): Promise<void> {
  const headers = { "if-match": "*" };
  const response = await owner.send(
    "PATCH",
    `/api/users/${id}`,
    body,
    headers,
  );
  assert.equal(response.status, 200, await response.text());
}

const keyOf = (app: TestApp, person: SignedIn, body = {}) =>
  makeKey(app, body, {
    cookie: person.cookie,
    "sec-fetch-site": "same-origin",
  });

Deno.test("keys: beyond local mode nothing goes without a key that is known", async () => {
  await using rig = await startPeople();
  const { app } = rig;
  const keys: Record<string, string>[] = [
    {},
    { authorization: "Bearer sk-any" },
    bearer(`frk_${"a".repeat(43)}`),
  ];
  for (const headers of keys) {
    const models = await app.fetch("/v1/models", { headers });
    assert.equal(models.headers.get("www-authenticate"), "Bearer");
    await openAIError(models, 401, "invalid_api_key");
    const chat = await app.post("/v1/chat/completions", question(), headers);
    await openAIError(chat, 401, "invalid_api_key");
  }
  // A page's cookie is none for programs.
  const { cookie } = rig.owner;
  const byCookie = await app.fetch("/v1/models", { headers: { cookie } });
  await openAIError(byCookie, 401, "invalid_api_key");
  const made = await keyOf(app, rig.owner);
  const answer = await clientWith(app, made.key).chat.completions.create(
    question(),
  );
  assert.equal(answer.choices[0].message.content, TEXT);
});

Deno.test("keys: FRESHET_API_KEY is the first owner's", async () => {
  const apiKey = `frk_${"s".repeat(32)}`;
  await using rig = await startChat({}, {
    env: { ...PASSWORD_MODE, FRESHET_API_KEY: apiKey },
  });
  const { app } = rig;
  const headers = bearer(apiKey);
  const session = await app.fetch("/api/users", { headers });
  const { items } = await session.json();
  assert.equal(items[0].email, OWNER.email);
  for (const path of ["/metrics", "/v1/models", "/api/keys?user=all"]) {
    const response = await app.fetch(path, { headers });
    assert.equal(response.status, 200, path);
    await response.body?.cancel();
  }
});

Deno.test("keys: a key may no more than its user's role at the moment", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const person = await rig.add("admin");
  const made = await keyOf(app, person, { scopes: ["v1", "api", "admin"] });
  const headers = bearer(made.key);
  const statuses = async () => {
    const answers = await Promise.all([
      app.fetch("/api/keys?user=all", { headers }),
      app.post("/api/threads", {}, headers),
      app.fetch("/api/threads", { headers }),
    ]);
    await Promise.all(answers.map(({ body }) => body?.cancel()));
    return answers.map(({ status }) => status);
  };
  assert.deepEqual(await statuses(), [200, 201, 200]);
  await change(owner, person, { role: "member" });
  assert.deepEqual(await statuses(), [403, 201, 200]);
  await change(owner, person, { role: "viewer" });
  assert.deepEqual(await statuses(), [403, 403, 200]);
  await change(owner, person, { disabled: true });
  assert.deepEqual(await statuses(), [401, 401, 401]);
  await change(owner, person, { disabled: false, role: "admin" });
  assert.deepEqual(await statuses(), [200, 201, 200]);
});

Deno.test("keys: who is no admin makes no key for what takes one", async () => {
  await using rig = await startPeople();
  const member = await rig.add("member");
  for (const scope of ["admin", "metrics"]) {
    const body = { name: "x", scopes: ["v1", scope] };
    const response = await member.send("POST", "/api/keys", body);
    assert.equal(await problemCode(response, 403), "key_needs_admin");
  }
  const viewer = await rig.add("viewer");
  const refused = await viewer.send("POST", "/api/keys", { name: "x" });
  assert.equal(await problemCode(refused, 403), "forbidden");
});

Deno.test("keys: keys of other people are none of anybody's but admins", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const [one, two] = [await rig.add("member"), await rig.add("member")];
  const made = await keyOf(app, one);
  const path = `/api/keys/${made.id}`;
  assert.equal(await problemCode(await two.fetch(path), 404), "not_found");
  const revoke = (person: SignedIn) =>
    person.fetch(path, { method: "DELETE", headers: { "if-match": "*" } });
  assert.equal(await problemCode(await revoke(two), 404), "not_found");
  for (const query of ["all", one.id]) {
    const list = await two.fetch(`/api/keys?user=${query}`);
    assert.equal(await problemCode(list, 403), "forbidden");
  }
  const all = await (await owner.fetch("/api/keys?user=all")).json();
  assert.deepEqual(all.items.map(({ id }: { id: string }) => id), [made.id]);
  const patched = await owner.send("PATCH", path, { name: "x" }, {
    "if-match": "*",
  });
  assert.equal(await problemCode(patched, 403), "forbidden");
  assert.equal((await revoke(owner)).status, 204);
  const used = await app.fetch("/v1/models", { headers: bearer(made.key) });
  await openAIError(used, 401, "invalid_api_key");
});

Deno.test("keys: what someone has going on ends when they are shut out", async () => {
  await using rig = await startPeople();
  const { app, upstream, owner } = rig;
  const person = await rig.add("member");
  const made = await keyOf(app, person);
  upstream.hold();
  const asked = app.post("/v1/chat/completions", question({ stream: true }), {
    ...bearer(made.key),
    "x-freshet-detach": "true",
  });
  await upstream.waitForChat(0);
  upstream.release(3);
  const response = await asked;
  await change(owner, person, { disabled: true });
  const text = await response.text();
  assert.match(text, /"code":"invalid_api_key"/);
  assert.match(text, /data: \[DONE\]\n\n$/);
  await upstream.waitForHangUp(0);
});

Deno.test("keys: a session that is revoked ends its live feed, and leaves its answers", async () => {
  await using rig = await startPeople();
  const { app, upstream, owner } = rig;
  const person = await rig.add("member");
  const thread = await (await person.send("POST", "/api/threads", {})).json();
  const live = readEvents(
    (await person.fetch("/api/live?channels=threads")).body!,
  );
  assert.equal((await live.next()).value!.data.type, "hello");
  upstream.hold();
  const asked = person.send("POST", `/api/threads/${thread.id}/runs`, {
    message: { content: "How high is the river?" },
  }, { accept: "text/event-stream" });
  await upstream.waitForChat(0);
  upstream.release(3);
  const events = readEvents((await asked).body!);
  const first = (await events.next()).value!;
  const other = await signedIn(app, {
    email: "person1@example.org",
    password: PASSWORD,
  });
  const ended = await other.fetch("/api/sessions", { method: "DELETE" });
  assert.ok(ended.ok, await ended.text());
  assert.equal((await Array.fromAsync(live)).at(-1)!.data.type, "ended");
  const last = (await Array.fromAsync(events)).at(-1)!;
  assert.equal(last.event, "error");
  assert.equal(last.data.code, "sign_in_needed");
  upstream.release();
  const follow = await other.fetch(`/api/runs/${first.data.runId}/events`);
  const rest = await Array.fromAsync(readEvents(follow.body!));
  assert.equal(rest.at(-1)!.data.status, "completed");
  void owner;
});

Deno.test("keys: those of someone who was taken out do not come back with them", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const person = await rig.add("member");
  const made = await keyOf(app, person);
  const removed = await owner.fetch(`/api/users/${person.id}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(removed.status, 204);
  const used = () => app.fetch("/v1/models", { headers: bearer(made.key) });
  await openAIError(await used(), 401, "invalid_api_key");
  const { items } = await (await owner.fetch("/api/keys?user=all")).json();
  assert.deepEqual(items, []);
});
