/** A server with two workspaces, everyone who may act in them, and something of everything in the first. */
import assert from "node:assert/strict";
import { newApiKeySchema } from "@/lib/auth/api_key_input.ts";
import type { Caller, KeyScope } from "@/lib/auth/caller.ts";
import {
  FIRST_WORKSPACE,
  programSpace,
  userSpace,
} from "@/lib/shared/spaces.ts";
import type { Notification, Page } from "@/lib/shared/wire.ts";
import { eventId } from "@/lib/events/event_view.ts";
import type { Role } from "@/lib/auth/roles.ts";
import { newGroupSchema, newInvitationSchema } from "@/lib/auth/user_input.ts";
import { messageId } from "@/lib/webhooks/webhook_record.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  type Caller as Client,
  followRun,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";

/** In every text of the victim's; whoever else sees it sees what is not theirs. */
export const MARKER = "zebrafinch7f3c";

/** What searches look for, beside the marker. */
export const WORD = "quagmire";

/** Who sends requests, and by what they are known. */
export interface Actor {
  name: string;
  /** Null: nobody. */
  caller: Caller | null;
  headers: Record<string, string>;
}

/** A user with the means to be anybody by. */
export interface Person {
  caller: Caller;
  /** Begins another session. */
  signIn(): Promise<Actor>;
}

/** A workspace with a user of each role. */
export type Staff = Record<Role, Person>;

export interface TwoWorkspaces extends AsyncDisposable {
  app: TestApp;
  /** Of the first workspace, whose owner and admin run the server. */
  first: Staff;
  second: Staff;
  /** The requests that somebody makes. */
  as(actor: Actor): Client;
  /** A key of somebody's. */
  keyOf(person: Person, scopes: KeyScope[], more?: object): Promise<Actor>;
}

/** By what a browser shows that a page of this server asks. */
export const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };

const DAY_MS = 86_400_000;

const PASSWORD = "correct horse battery";

function callerOf(
  workspace: string,
  user: string,
  role: Role,
): Caller {
  return {
    mode: "password",
    workspace,
    user,
    role,
    isOperator: workspace === FIRST_WORKSPACE &&
      (role === "owner" || role === "admin"),
    groups: [],
    key: null,
    session: null,
    address: "127.0.0.1",
  };
}

function person(app: TestApp, caller: Caller, name: string): Person {
  return {
    caller,
    async signIn() {
      const { token } = await app.services.sessions.create({
        user: caller.user,
        workspace: caller.workspace,
        address: "127.0.0.1",
        userAgent: null,
        method: "password",
      });
      return {
        name,
        caller,
        headers: { cookie: `freshet_session=${token}`, ...SAME_ORIGIN },
      };
    },
  };
}

async function staff(
  app: TestApp,
  owner: Caller,
  name: string,
): Promise<Staff> {
  const made: Record<string, Person> = {
    owner: person(app, owner, `${name} owner`),
  };
  for (const role of ["admin", "member", "viewer"] as const) {
    const { id } = await app.services.users.create(owner, owner.workspace, {
      email: `${role}@${name}.example`,
      password: PASSWORD,
      role,
      groups: [],
    });
    made[role] = person(
      app,
      callerOf(owner.workspace, id, role),
      `${name} ${role}`,
    );
  }
  return made as Staff;
}

/** Starts the server; `await using` ends it. */
export async function startTwoWorkspaces(): Promise<TwoWorkspaces> {
  const rig = await startChat({}, {
    env: {
      FRESHET_AUTH: "password",
      FRESHET_ADMIN_EMAIL: "owner@first.example",
      FRESHET_ADMIN_PASSWORD: PASSWORD,
    },
  });
  const { app } = rig;
  // The program's own schedules are no attack, and change rows.
  await app.services.scheduleTicker.close();
  const owner = await app.services.users.findByEmail("owner@first.example");
  const firstOwner = callerOf(FIRST_WORKSPACE, owner!.id, "owner");
  const first = await staff(app, firstOwner, "first");
  // Its owner makes it and leaves it to a user who is in no other.
  const made = await app.services.workspaces.create(firstOwner, {
    name: "Second",
  });
  const founder = callerOf(made.id, owner!.id, "owner");
  const { id } = await app.services.users.create(founder, made.id, {
    email: "owner@second.example",
    password: PASSWORD,
    role: "owner",
    groups: [],
  });
  await app.services.users.remove(
    founder,
    made.id,
    founder.user,
    () => {},
  );
  const second = await staff(app, callerOf(made.id, id, "owner"), "second");
  const as = ({ headers }: Actor): Client => ({
    fetch: (path, init = {}) =>
      app.fetch(path, {
        ...init,
        headers: {
          ...headers,
          ...Object.fromEntries(new Headers(init.headers)),
        },
      }),
    post: (path, body, more = {}) =>
      app.post(path, body, { ...headers, ...more }),
  });
  return {
    app,
    first,
    second,
    as,
    async keyOf(person, scopes, more = {}) {
      const name = `${person.caller.role} key ${scopes} ${
        JSON.stringify(more)
      }`;
      const input = newApiKeySchema.parse({ name, scopes, ...more });
      const { token } = await app.services.apiKeys.create(person.caller, input);
      return {
        name,
        caller: person.caller,
        headers: { authorization: `Bearer ${token}` },
      };
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Ids of the victim's things by the name that routes give the parameter. */
export type Things = Record<string, string>;

async function created(response: Response): Promise<{ id: string }> {
  const text = await response.text();
  assert.ok(response.ok, `${response.status} ${text}`);
  return JSON.parse(text);
}

/** Makes something of everything that a workspace may hold, as its owner. */
export async function makeThings(
  rig: TwoWorkspaces,
  { owner, member }: Staff,
): Promise<Things> {
  const { app } = rig;
  const { services } = app;
  const session = await owner.signIn();
  const client = rig.as(session);
  const text = `${MARKER} ${WORD}`;
  const project = await created(
    await client.post("/api/projects", { name: text, systemPrompt: text }),
  );
  await created(await client.post("/api/tags", { name: MARKER }));
  const thread = await newThread(client, {
    title: text,
    projectId: project.id,
  });
  await created(
    await client.fetch(`/api/threads/${thread.id}`, {
      method: "PATCH",
      headers: { "if-match": "*", "content-type": "application/json" },
      body: JSON.stringify({ tags: [MARKER] }),
    }),
  );
  const { run, message } = await ask(client, thread.id, {
    message: { content: text },
  });
  await followRun(client, run.id);
  const task = await created(
    await client.post("/api/tasks", {
      title: text,
      notes: text,
      tags: [MARKER],
      projectId: project.id,
      threadId: thread.id,
    }),
  );
  const { caller } = owner;
  const group = await services.groups.create(
    caller,
    newGroupSchema.parse({ name: text }),
  );
  const invitation = await services.invitations.create(
    caller,
    newInvitationSchema.parse({ email: `guest@${MARKER}.example` }),
    app.url,
  );
  await services.users.rename(member.caller, text);
  const { key } = await services.apiKeys.create(
    caller,
    newApiKeySchema.parse({ name: text }),
  );
  const program = rig.as(await rig.keyOf(owner, ["v1", "api"]));
  const answer = await program.post("/v1/responses", {
    model: "fake-1",
    input: text,
    store: true,
  });
  const request = answer.headers.get("x-request-id")!;
  const response = await created(answer);
  const completion = await program.post("/v1/chat/completions", {
    model: "fake-1",
    messages: [{ role: "user", content: text }],
  }, { "x-freshet-detach": "true" });
  await completion.text();
  assert.equal(completion.status, 200);
  const asked = await program.post("/v1/chat/completions", {
    model: "fake-1",
    messages: [{ role: "user", content: text }],
    temperature: 0,
  });
  await asked.text();
  const keptAnswer = await waitFor("an answer that is kept", async () => {
    const signal = AbortSignal.timeout(5_000);
    const [first] = await services.answers.cache
      .page(caller.workspace, null, 1, signal);
    return first?.hash;
  });
  const chat = `chat-${MARKER}`;
  const said = await client.post("/api/chat", {
    id: chat,
    model: "fake-1",
    messages: [{
      id: "one",
      role: "user",
      parts: [{ type: "text", text }],
    }],
  });
  await said.text();
  assert.equal(said.status, 200);
  const sessions = await services.sessions.list(caller.user, null);
  // It is off, so that nothing of it changes by itself.
  const { webhook } = await services.webhooks.create(caller, {
    url: `https://${MARKER}.example/`,
    description: text,
    events: ["*"],
    enabled: false,
    scope: "own",
  });
  const { items: [{ place }] } = await services.eventLog.ofSpace(
    userSpace(caller.workspace, caller.user),
    { before: null, limit: 1, wanted: () => true },
  );
  const { job } = await services.jobs.enqueue(
    userSpace(caller.workspace, caller.user),
    {
      kind: "jobs.retry",
      input: { kind: MARKER },
      runAt: Date.now() + DAY_MS,
      dedupKey: text,
    },
  );
  const schedule = await created(
    await client.post("/api/schedules", {
      name: text,
      // Not while the test goes on.
      cron: "0 0 29 2 *",
      target: { type: "prompt", prompt: text },
    }),
  );
  const document = await created(
    await client.post("/api/documents", { name: text, size: text.length }),
  );
  await client.fetch(`/api/documents/${document.id}/upload`, {
    method: "PATCH",
    headers: {
      "content-type": "application/offset+octet-stream",
      "upload-offset": "0",
    },
    body: text,
  });
  await waitFor("a document that is read", async () => {
    const response = await client.fetch(`/api/documents/${document.id}`);
    return (await response.json()).state === "ready";
  });
  // What follows from it is there before anybody looks for changes.
  const notification = await waitFor("the notification of it", async () => {
    const response = await client.fetch("/api/notifications");
    const { items }: Page<Notification> = await response.json();
    return items.find(({ href }) => href?.includes(document.id));
  });
  const file = await services.files.create(
    programSpace(caller.workspace),
    {
      name: `${MARKER}.jsonl`,
      mediaType: "application/jsonl",
      purpose: "batch",
      user: caller.user,
    },
    new Response(text).body!,
    { maxBytes: 1_000_000 },
  );
  const batch = await services.batches.create(
    programSpace(caller.workspace),
    caller,
    {
      input_file_id: file.id,
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata: { text },
    },
  );
  await waitFor(
    "the end of the batch, and the notification of it",
    async () => {
      const response = await client.fetch("/api/notifications");
      const { items }: Page<Notification> = await response.json();
      return items.some(({ event }) => event.startsWith("job."));
    },
  );
  const rule = "high-water";
  await services.alertSettings.saveRule(
    caller,
    "workspace",
    { id: rule, metric: "requests", above: 1e9, title: text, next: text },
    () => {},
  );
  return {
    rule,
    file: file.id,
    batch: batch.id,
    document: document.id,
    schedule: schedule.id,
    job: job.id,
    kind: job.kind,
    thread: thread.id,
    model: "fake-1",
    run: run.id,
    programRun: completion.headers.get("x-freshet-run")!,
    message: message.id,
    project: project.id,
    task: task.id,
    name: MARKER,
    user: member.caller.user,
    owner: caller.user,
    workspace: caller.workspace,
    group: group.id,
    invitation: invitation.invitation.id,
    key: key.id,
    session: sessions[0].id,
    request,
    response: response.id,
    chat,
    webhook: webhook.id,
    notification: notification.id,
    event: eventId(place),
    delivery: messageId(place),
    // A store in memory has none; who may ask for one is refused before that is looked at.
    backup: "20261121-201500-aaaa",
    answer: keptAnswer,
    // They are the server's and nobody's; whoever may change them finds none by these names.
    provider: "nobody-serves",
    route: "leads-nowhere",
  };
}
