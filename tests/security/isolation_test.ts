/**
 * The crawl: every route and method, with ids of somebody else's things, as everyone there is and as
 * nobody. The routes come from the files, who is kept out of which from the access table; whoever is let
 * in finds nothing of the others there, and changes nothing of theirs.
 */
import assert from "node:assert/strict";
import type { Caller } from "@/lib/auth/caller.ts";
import { programSpace, userSpace } from "@/lib/shared/spaces.ts";
import { ACCESS } from "@/lib/http/access.ts";
import { type Attack, attacksOn } from "./attacks.ts";
import { keptOut, type KeyedActor } from "./expected.ts";
import { parametersOf, pathOf, readRoutes } from "./route_list.ts";
import {
  type Actor,
  makeThings,
  MARKER,
  type Person,
  type Staff,
  startTwoWorkspaces,
  type Things,
  type TwoWorkspaces,
  WORD,
} from "./two_workspaces.ts";
import { waitFor } from "../support/wait.ts";

/** Parameters of routes that are called otherwise among the things. */
const THING_OF: Record<string, string> = { id: "model" };

/** Rows that stay as they are for so long follow from nothing any more, in milliseconds. */
const RESTING_MS = 300;

/** So many of the attacks on a route are sent again by everyone else who is let in. */
const MOST_AGAIN = 3;

/** Where another refusal than 404 is right, and for whom. */
const INSTEAD: Record<string, (actor: KeyedActor) => number | null> = {
  // The AI SDK asks so for a chat that it made up itself and that has no stream to resume.
  "GET /api/chat/:chat/stream": () => 204,
  // Kinds are everybody's, and each workspace pauses its own jobs of them.
  "POST /api/jobs/kinds/:kind/pause": () => 204,
  "POST /api/jobs/kinds/:kind/resume": () => 204,
  // Each workspace has rules of its own; one of that name would be new, and says too little.
  "PUT /api/alerts/rules/:rule": () => 400,
  // A key without the scope learns that first, whatever key it asks for.
  "DELETE /api/keys/:key": keysNeedAdmin,
};

function keysNeedAdmin({ scopes }: KeyedActor): number | null {
  return scopes === null || scopes.includes("admin") ? null : 403;
}

/** What belongs to one user, whom nobody else of the workspace looks over the shoulder. */
const PRIVATE =
  /:(thread|run|project|task|document|name|chat|session|webhook|schedule|notification)\b|^\/$|^\/(api\/)?(search|schedules|tasks|documents|projects|threads|tags|live|stream|notifications)$/;

/** Where a request may end the session that makes it, so that the next one needs another. */
const ENDS_SESSIONS =
  /session|signout|password|\/me\b|settings|users|workspaces/;

/** Reads as much of a stream as is there at once. */
const STREAM_MS = 150;

/** Whom a crawl is made as; each time with a session of its own, since some requests end sessions. */
interface Attacker {
  name: string;
  actor: () => Promise<KeyedActor>;
}

const bySession = (person: Person, name: string): Attacker => ({
  name,
  actor: async () => ({
    ...await person.signIn(),
    scopes: null,
    isReadOnly: false,
  }),
});

async function byKey(
  rig: TwoWorkspaces,
  person: Person,
  scopes: ("v1" | "api" | "metrics" | "admin")[],
  readOnly = false,
): Promise<Attacker> {
  const actor = await rig.keyOf(person, scopes, { readOnly });
  return {
    name: actor.name,
    actor: () => Promise.resolve({ ...actor, scopes, isReadOnly: readOnly }),
  };
}

const NOBODY: Attacker = {
  name: "nobody",
  actor: () =>
    Promise.resolve({
      name: "nobody",
      caller: null,
      headers: {},
      scopes: null,
      isReadOnly: false,
    }),
};

/** Everyone of a workspace, by session and by keys of each scope, and nobody. */
async function everyoneOf(
  rig: TwoWorkspaces,
  staff: Staff,
): Promise<Attacker[]> {
  return [
    NOBODY,
    ...(["owner", "admin", "member", "viewer"] as const).map((role) =>
      bySession(staff[role], role)
    ),
    await byKey(rig, staff.owner, ["v1"]),
    await byKey(rig, staff.owner, ["api"]),
    await byKey(rig, staff.owner, ["metrics"]),
    await byKey(rig, staff.owner, ["api", "admin"]),
    await byKey(rig, staff.owner, ["v1", "api", "metrics", "admin"], true),
    await byKey(rig, staff.member, ["v1", "api"]),
  ];
}

async function textOf(response: Response): Promise<string> {
  const isStream = response.headers.get("content-type")
    ?.startsWith("text/event-stream") ?? false;
  if (!isStream || response.body === null) return await response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const timer = setTimeout(() => void reader.cancel(), STREAM_MS);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  clearTimeout(timer);
  return text;
}

interface Answer {
  status: number;
  text: string;
  headers: string;
}

/** How often a request is sent again that a busy store has put off. */
const TRIES = 4;

async function send(
  ...request: Parameters<typeof sendOnce>
): Promise<Answer> {
  let answer = await sendOnce(...request);
  for (let tries = 1; answer.status === 503 && tries < TRIES; tries += 1) {
    answer = await sendOnce(...request);
  }
  return answer;
}

async function sendOnce(
  rig: TwoWorkspaces,
  actor: Actor,
  method: string,
  path: string,
  { query, json, form }: Attack,
): Promise<Answer> {
  const isForm = form !== undefined;
  const hasBody = isForm || json !== undefined;
  const response = await rig.as(actor).fetch(
    query === undefined ? path : `${path}?${query}`,
    {
      method,
      headers: {
        "if-match": "*",
        ...(hasBody
          ? {
            "content-type": isForm
              ? "application/x-www-form-urlencoded"
              : "application/json",
          }
          : {}),
      },
      body: isForm
        ? String(new URLSearchParams(form))
        : json === undefined
        ? undefined
        : JSON.stringify(json),
    },
  );
  return {
    status: response.status,
    text: await textOf(response),
    headers: JSON.stringify([...response.headers]),
  };
}

/** Kinds of rows by which the server goes on with the audit log of a workspace on its own. */
const AUDIT_CHAIN = ["ah", "au"];

/** All rows of the store that are the victims', apart from what the server notes of itself. */
async function rowsOf(
  rig: TwoWorkspaces,
  { workspace, user }: Caller,
): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  const { kv } = rig.app.services.store;
  for await (const { key, versionstamp } of kv.list({ prefix: [] })) {
    const [space, kind] = key;
    if (AUDIT_CHAIN.includes(String(kind))) continue;
    const isTheirs = space === workspace || key.includes(user) ||
      space === userSpace(workspace, user) ||
      space === programSpace(workspace);
    if (isTheirs) rows.set(JSON.stringify(key.map(String)), versionstamp);
  }
  return rows;
}

async function crawl(
  rig: TwoWorkspaces,
  options: {
    things: Things;
    attackers: readonly Attacker[];
    /** Which routes; all unless told. */
    only?: RegExp;
  },
): Promise<string[]> {
  const { things, attackers } = options;
  const wrong: string[] = [];
  const known = new Map<string, KeyedActor>();
  for (const { pattern, methods } of await readRoutes()) {
    known.clear();
    if (options.only?.test(pattern) === false) continue;
    // Models are everybody's.
    const namesThing = parametersOf(pattern).some((name) => name !== "id");
    const path = pathOf(pattern, (name) => {
      const thing = things[THING_OF[name] ?? name];
      assert.ok(thing, `Nothing is made for ":${name}" of "${pattern}"`);
      return thing;
    });
    for (const method of methods) {
      let isTried = false;
      for (const { name, actor } of attackers) {
        const attacks = attacksOn(pattern, method, things);
        // The many forms of a page are tried in full by the first who is let in.
        const some = isTried ? attacks.slice(0, MOST_AGAIN) : attacks;
        for (const attack of some) {
          if (ENDS_SESSIONS.test(pattern)) known.clear();
          const who = known.get(name) ?? await actor();
          known.set(name, who);
          const out = keptOut(pattern, method, who);
          const { status, text, headers } = await send(
            rig,
            who,
            method,
            path,
            attack,
          );
          const what = `${name}: ${method} ${path} ${briefly(attack)}`;
          const wanted = out ??
            (namesThing && attack.form === undefined
              ? INSTEAD[`${method} ${pattern}`]?.(who) ?? 404
              : null);
          if (wanted === null ? status >= 500 : status !== wanted) {
            wrong.push(
              `${what}: ${status}, want ${wanted}: ${text.slice(0, 160)}`,
            );
          }
          if ((text + headers).includes(MARKER) && !echoes(attack, path)) {
            wrong.push(`${what}: ${status} shows what is not theirs`);
          }
          // Being kept out is the same for all attacks on the route.
          if (out !== null) break;
          isTried = true;
        }
      }
    }
  }
  return wrong;
}

function briefly({ query = "", json, form }: Attack): string {
  return form === undefined
    ? `${query} ${json === undefined ? "" : JSON.stringify(json)}`
    : `${form.action} ${form.id}`;
}

/** Whether the request itself holds the marker, which an answer may say again. */
function echoes(attack: Attack, path: string): boolean {
  return `${path} ${JSON.stringify(attack)}`.includes(MARKER);
}

Deno.test("isolation: every route has a line in the access table, and every line a route", async () => {
  const patterns = (await readRoutes()).map(({ pattern }) => pattern);
  assert.ok(patterns.length > 50, `only ${patterns.length} routes were found`);
  assert.deepEqual(patterns.filter((pattern) => !(pattern in ACCESS)), []);
  assert.deepEqual(
    Object.keys(ACCESS).filter((pattern) => !patterns.includes(pattern)),
    [],
  );
});

Deno.test("isolation: nobody of another workspace sees or changes anything, by any route", async () => {
  await using rig = await startTwoWorkspaces();
  await assertIsolated(rig, {
    victims: rig.first,
    attackers: await everyoneOf(rig, rig.second),
    // Refusals of nobody in particular are kept with the first workspace, in the page of their minute.
    mayChange: /^\["[^"]+","qs",/,
  });
});

Deno.test("isolation: nor does who runs the server, in a workspace that they are not in", async () => {
  await using rig = await startTwoWorkspaces();
  await assertIsolated(rig, {
    victims: rig.second,
    attackers: await everyoneOf(rig, rig.first),
    // They may put people into it, as when they make it; its audit log tells of that.
    mayChange: /"ow"\]$/,
  });
});

Deno.test("isolation: nor does anybody of the same workspace, of what is one user's own", async () => {
  await using rig = await startTwoWorkspaces();
  const { admin, viewer } = rig.first;
  await assertIsolated(rig, {
    victims: rig.first,
    attackers: [
      bySession(admin, "admin"),
      bySession(viewer, "viewer"),
      await byKey(rig, admin, ["v1", "api", "admin"]),
    ],
    only: PRIVATE,
    // A minute's page of requests is one row for all who have asked in it, and they ask too.
    mayChange: /^\["[^"]+","qs",/,
  });
});

Deno.test("isolation: limits and budgets of a workspace bind nobody of another, whomever they name", async () => {
  await using rig = await startTwoWorkspaces();
  const things = await makeThings(rig, rig.first);
  const admin = rig.as(await rig.second.admin.signIn());
  const subjects = [
    `workspace:${things.workspace}`,
    `user:${things.owner}`,
    `group:${things.group}`,
    `key:${things.key}`,
    "workspace:*",
    "user:*",
    "key:*",
    "model:*",
    "model:fake-1",
    "address:*",
    "address:127.0.0.1",
  ];
  const set = async (path: string, items: unknown[]) => {
    const response = await admin.fetch(path, {
      method: "PUT",
      headers: { "content-type": "application/json", "if-match": "*" },
      body: JSON.stringify({ items }),
    });
    assert.equal(response.status, 200, await response.text());
  };
  await set(
    "/api/limits",
    subjects.map((subject) => ({
      subject,
      requestsPerMinute: 1,
      tokensPerMinute: 1,
      concurrentRuns: 1,
    })),
  );
  await set(
    "/api/budgets",
    subjects.map((subject) => ({ subject, period: "total", tokens: 1 })),
  );
  const body = {
    model: "fake-1",
    messages: [{ role: "user", content: "How high is the river?" }],
  };
  const statuses = async (person: Person) => {
    const program = rig.as(await rig.keyOf(person, ["v1"]));
    const found: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const response = await program.post("/v1/chat/completions", body);
      await response.body?.cancel();
      found.push(response.status);
    }
    return found;
  };
  assert.deepEqual(await statuses(rig.first.owner), [200, 200, 200]);
  const own = await statuses(rig.second.owner);
  assert.ok(own.every((status) => status !== 200), own.join(" "));
});

Deno.test("isolation: a session acts in no workspace that its user is not in", async () => {
  await using rig = await startTwoWorkspaces();
  const things = await makeThings(rig, rig.first);
  const session = await rig.second.owner.signIn();
  const wrong: string[] = [];
  for (const { pattern, methods } of await readRoutes()) {
    const { surface, read } = ACCESS[pattern];
    if (read === "anyone" || !methods.includes("GET")) continue;
    const path = pathOf(pattern, (name) => things[THING_OF[name] ?? name]);
    const response = await rig.as(session).fetch(path, {
      headers: { "x-freshet-workspace": things.workspace },
    });
    const text = await textOf(response);
    const wanted = surface === "v1" ? 401 : 404;
    if (response.status !== wanted || text.includes(WORD)) {
      wrong.push(`${path}: ${response.status}, want ${wanted}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** The rows of a user once nothing follows any more from what they have made. */
async function restingRows(
  rig: TwoWorkspaces,
  caller: Parameters<typeof rowsOf>[1],
): ReturnType<typeof rowsOf> {
  let last = await rowsOf(rig, caller);
  return await waitFor("rows that stay as they are", async () => {
    await new Promise((resolve) => setTimeout(resolve, RESTING_MS));
    const now = await rowsOf(rig, caller);
    const isResting = now.size === last.size &&
      [...now].every(([key, version]) => last.get(key) === version);
    last = now;
    return isResting && now;
  });
}

async function assertIsolated(
  rig: TwoWorkspaces,
  { victims, attackers, only, mayChange }: {
    victims: Staff;
    attackers: readonly Attacker[];
    only?: RegExp;
    /** Keys of rows that may be others afterwards. */
    mayChange?: RegExp;
  },
): Promise<void> {
  const things = await makeThings(rig, victims);
  const before = await restingRows(rig, victims.owner.caller);
  assert.ok(before.size > 20, `only ${before.size} rows are the victims'`);
  const wrong = await crawl(rig, { things, attackers, only });
  assert.deepEqual(wrong.slice(0, 50), []);
  const after = await rowsOf(rig, victims.owner.caller);
  const changed = [...before].filter(([key, version]) =>
    after.get(key) !== version && !mayChange?.test(key)
  ).map(([key]) => key);
  assert.deepEqual(changed, []);
}
