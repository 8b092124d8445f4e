/** People with data of every kind, and what of it is left. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { Job, Page, User } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  askWhole,
  type Caller,
  type ChatRig,
  followRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import type { FakeUpstreamOptions } from "../support/fake_upstream.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";
import { json } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

export const ADA = {
  email: "ada@example.org",
  password: "ada's long password",
  name: "Ada",
};

/** The calls of `/api` as somebody who is signed in. */
export type Person = SignedIn & Caller & { id: string };

export interface PeopleRig extends ChatRig {
  owner: Person;
  ada: Person;
}

async function person(
  app: TestApp,
  who: { email: string; password: string },
): Promise<Person> {
  const signed = await signedIn(app, who);
  const { user } = await json<{ user: { id: string } }>(
    await signed.fetch("/api/session"),
  );
  return {
    ...signed,
    id: user.id,
    post: (path, body, headers = {}) =>
      signed.send("POST", path, body, headers),
  };
}

/** An app with an owner and a member. */
export async function startPeople(
  options: {
    upstream?: FakeUpstreamOptions;
    configFile?: Record<string, unknown>;
    /** Told of each read of a range of the store. */
    onList?: (selector: Deno.KvListSelector) => void;
  } = {},
): Promise<PeopleRig> {
  const behaviour = { text: "A short answer", split: false };
  const rig = await startChat({ behaviour, ...options.upstream }, {
    env: {
      ...PASSWORD_MODE,
      FRESHET_SECRET: "a secret of tests, of more than 32 characters",
    },
    configFile: options.configFile,
    wrapKv: (kv) => watchLists(kv, options.onList),
  });
  const owner = await person(rig.app, OWNER);
  await json<User>(
    await owner.post("/api/users", { ...ADA, role: "member" }),
    201,
  );
  return { ...rig, owner, ada: await person(rig.app, ADA) };
}

function watchLists(
  kv: Deno.Kv,
  onList: ((selector: Deno.KvListSelector) => void) | undefined,
): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (name === "list") {
        return (...args: Parameters<Deno.Kv["list"]>) => {
          onList?.(args[0]);
          return target.list(...args);
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** What somebody has: ids, and texts by which rows are recognised. */
export interface Belongings {
  threadId: string;
  runIds: string[];
  key: string;
  /** A word that is in everything they wrote. */
  word: string;
}

/** Gives somebody something of every kind. */
export async function furnish(who: Person, word: string): Promise<Belongings> {
  const long = `${word} `.repeat(5_000);
  const project = await json<{ id: string }>(
    await who.post("/api/projects", {
      name: `Project ${word}`,
      systemPrompt: word,
    }),
    201,
  );
  const thread = await newThread(who, {
    title: `Title ${word}`,
    projectId: project.id,
  });
  const first = await ask(who, thread.id, { message: { content: long } });
  await followRun(who, first.run.id);
  const again = await ask(who, thread.id, { regenerate: first.run.messageId });
  await followRun(who, again.run.id);
  const temporary = await newThread(who, { temporary: true });
  const hidden = await ask(who, temporary.id, {
    message: { content: `hidden ${word}` },
  });
  await followRun(who, hidden.run.id);
  await json(
    await who.post("/api/tasks", {
      projectId: project.id,
      title: `Task ${word}`,
      tags: [`tag-${word}`],
    }, { "idempotency-key": word }),
    201,
  );
  await json(
    await who.post("/api/schedules", {
      name: `Schedule ${word}`,
      // Not while a test goes on.
      cron: "0 0 29 2 *",
      target: { type: "prompt", prompt: word },
    }, { "idempotency-key": word }),
    201,
  );
  const form = new FormData();
  form.set("file", new File([`About ${word}`], `${word}.txt`));
  const added = await who.fetch("/documents", { method: "POST", body: form });
  assert.equal(added.status, 303);
  await added.body?.cancel();
  const document = added.headers.get("location")?.split("#")[1] ?? "";
  // What follows from it is there, and nothing more to come.
  await waitFor("the notification of a document", async () => {
    const response = await who.fetch("/api/notifications");
    return (await response.text()).includes(document);
  });
  await waitFor("the end of its jobs", async () => {
    const response = await who.fetch("/api/jobs");
    const { items }: Page<Job> = await response.json();
    return items.every(({ status }) => status === "completed");
  });
  const { key } = await json<{ key: string }>(
    await who.post("/api/keys", { name: `Key ${word}`, scopes: ["v1"] }),
    201,
  );
  return {
    threadId: thread.id,
    runIds: [first.run.id, again.run.id, hidden.run.id],
    key,
    word,
  };
}

/** Asks over `/v1` by a key, and has the response stored. @returns its id */
export async function storeResponse(
  app: TestApp,
  { key, word }: Belongings,
): Promise<string> {
  const response = await app.post("/v1/responses", {
    model: "fake-1",
    input: `Over v1: ${word}`,
    store: true,
  }, { authorization: `Bearer ${key}` });
  const { id } = await json<{ id: string }>(response);
  return id;
}

/** Keys of the rows whose key or value has a text, but for those of the audit log and accounts. */
export async function rowsWith(app: TestApp, text: string): Promise<string[]> {
  const found: string[] = [];
  const decoder = new TextDecoder();
  const rows = app.services.store.kv.list({ prefix: [] });
  for await (const { key, value } of rows) {
    const json = JSON.stringify(
      [key, value],
      (_, part) => part instanceof Uint8Array ? decoder.decode(part) : part,
    );
    if (json.includes(text)) found.push(JSON.stringify(key));
  }
  return found;
}

/** Orders the erasure of somebody's data and does it. */
export async function eraseData(rig: PeopleRig, who: Person): Promise<void> {
  const response = await who.fetch("/api/me/data", { method: "DELETE" });
  assert.equal(response.status, 202, await response.text());
  await rig.app.services.personalData.erasures
    .sweep(AbortSignal.timeout(30_000));
}

/** Sweeps as if an hour had passed in which all that was told was heard, until no erasure is left. */
export async function eraseLate({ app }: PeopleRig): Promise<void> {
  const { store: { kv }, personalData } = app.services;
  const lateMs = 2 * 60 * 60_000;
  await waitFor("all to have heard what was told", async () => {
    const notices = kv.list({ prefix: ["sys", "e"] }, {
      reverse: true,
      limit: 1,
    });
    const [newest] = await Array.fromAsync(notices);
    const cursors = await Array.fromAsync(
      kv.list<{ vs: string; sync?: unknown }>({ prefix: ["sys", "cur"] }),
    );
    return cursors.every(({ value: { vs, sync } }) =>
      sync === undefined && vs >= String(newest.key[2])
    );
  });
  await waitFor("the end of the erasure", async () => {
    // Another sweep may be at it.
    await personalData.erasures
      .sweep(AbortSignal.timeout(30_000), Date.now() + lateMs);
    const orders = kv.list({ prefix: ["sys", "er"] }, { limit: 1 });
    return (await Array.fromAsync(orders)).length === 0;
  });
}

/** Audit events of a type that were told in the first workspace. */
export async function audited(
  { app }: PeopleRig,
  type: string,
): Promise<{ subject: string; data: { details: Record<string, unknown> } }[]> {
  const rows = app.services.store.kv.list<
    {
      ev: {
        type: string;
        subject: string;
        data: { details: Record<string, unknown> };
      }[];
    }
  >({ prefix: [FIRST_WORKSPACE, "e"] });
  return (await Array.fromAsync(rows, ({ value }) => value.ev)).flat()
    .filter((event) => event.type === type);
}

export { askWhole };
