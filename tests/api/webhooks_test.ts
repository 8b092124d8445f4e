/** Webhooks over the whole app: a real receiver, signed requests, and everything that may go wrong there. */
import assert from "node:assert/strict";
import { startReceiver, verify } from "@/lib/webhooks/testing/receiver.ts";
import type {
  Job,
  LoggedEvent,
  Page,
  Webhook,
  WebhookDelivery,
} from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

const LOOPBACK = { outgoing: { allow: ["127.0.0.0/8", "::1"] } };

type Made = Webhook & { secret: string };

/** Whoever makes requests: the app in local mode, or somebody who is signed in. */
interface Client {
  fetch: TestApp["fetch"];
}

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

function send(
  { fetch }: Client,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(path, {
    method,
    headers: body === undefined
      ? headers
      : { "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function makeWebhook(
  client: Client,
  url: string,
  more: Record<string, unknown> = {},
): Promise<Made> {
  return await json(
    await send(client, "POST", "/api/webhooks", { url, ...more }),
    201,
  );
}

async function makeThread(client: Client, title = "Levels"): Promise<string> {
  const made = await json<{ id: string }>(
    await send(client, "POST", "/api/threads", { title }),
    201,
  );
  return made.id;
}

async function deliveriesOf(
  client: Client,
  { id }: Pick<Webhook, "id">,
): Promise<WebhookDelivery[]> {
  const page = await json<Page<WebhookDelivery>>(
    await client.fetch(`/api/webhooks/${id}/deliveries`),
  );
  return page.items;
}

/** The only delivery, once it is in a state. */
function settled(
  client: Client,
  webhook: Pick<Webhook, "id">,
  isSo: (delivery: WebhookDelivery) => boolean,
): Promise<WebhookDelivery> {
  return waitFor("the delivery", async () => {
    const [delivery] = await deliveriesOf(client, webhook);
    return delivery !== undefined && isSo(delivery) && delivery;
  });
}

/** Begins when the consumers have: what happened before is told to nobody. */
async function startHooked(
  options: Parameters<typeof startApp>[0] = {},
): Promise<TestApp> {
  const app = await startApp({ configFile: LOOPBACK, ...options });
  await waitFor(
    "the consumer",
    () => app.services.consumers.lagMs.has("webhooks"),
  );
  return app;
}

Deno.test("webhooks: an event arrives signed, with its id, and without a word of the thread", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/hook`, {
    events: ["thread.*"],
    description: "Notes",
  });
  assert.match(webhook.id, /^whk_[0-9A-Za-z]{22}$/);
  assert.match(webhook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const thread = await makeThread(app, "What nobody else may read");
  const got = await waitFor("the request", () => receiver.received[0]);
  verify(webhook.secret, got);
  assert.equal(got.type, "thread.created");
  assert.equal(got.data.subject, thread);
  assert.ok(!got.body.includes("nobody else"), got.body);
  assert.deepEqual(Object.keys(JSON.parse(got.body)), [
    "type",
    "timestamp",
    "data",
  ]);
  const delivery = await settled(
    app,
    webhook,
    (one) => one.state !== "sending",
  );
  assert.equal(delivery.state, "delivered");
  assert.equal(delivery.id, got.id);
  assert.ok(!got.id.includes("."));
  const [{ status, error, excerpt }] = delivery.attempts;
  assert.deepEqual([status, error, excerpt], [200, null, "thanks"]);
  await makeThread(app);
  await waitFor("the second", () => receiver.received[1]);
  assert.notEqual(receiver.received[1].id, got.id);
});

Deno.test("webhooks: patterns choose events, and what a delivery does is told to nobody", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked();
  await makeWebhook(app, `${receiver.url}/all`, { events: ["*"] });
  await makeWebhook(app, `${receiver.url}/deleted`, { events: ["*.deleted"] });
  await makeWebhook(app, `${receiver.url}/off`, { enabled: false });
  const thread = await makeThread(app);
  const gone = await send(app, "DELETE", `/api/threads/${thread}`, undefined, {
    "if-match": "*",
  });
  assert.ok(gone.ok, await gone.text());
  await waitFor("the deletion", () => receiver.of("/deleted")[0]);
  await waitFor("both", () => receiver.of("/all").length >= 2);
  assert.deepEqual(receiver.of("/deleted").map(({ type }) => type), [
    "thread.deleted",
  ]);
  const types = receiver.of("/all").map(({ type }) => type);
  assert.ok(types.includes("thread.created"), types.join());
  assert.ok(!types.some((type) => type.startsWith("job.")), types.join());
  assert.equal(receiver.of("/off").length, 0);
});

Deno.test("POST /api/webhooks: refuses addresses inside, bad patterns and too much, and says what is wrong", async () => {
  await using app = await startApp();
  const refused: [body: Record<string, unknown>, path: string][] = [
    [{ url: "http://127.0.0.1:8000/" }, "url"],
    [{ url: "http://169.254.169.254/latest/meta-data" }, "url"],
    [{ url: "http://10.0.0.8/" }, "url"],
    [{ url: "http://[::1]/" }, "url"],
    [{ url: "http://2130706433/" }, "url"],
    [{ url: "ftp://example.org/" }, "url"],
    [{ url: "https://a:b@example.org/" }, "url"],
    [{ url: "no address" }, "url"],
    [{}, "url"],
    [{ url: "https://example.org/", events: [] }, "events"],
    [{ url: "https://example.org/", events: ["run.complete"] }, "events.0"],
    [{ url: "https://example.org/", events: ["r*"] }, "events.0"],
    [
      { url: "https://example.org/", description: "a".repeat(201) },
      "description",
    ],
    [{ url: "https://example.org/", scope: "all" }, "scope"],
    [{ url: "https://example.org/", secret: "whsec_mine" }, ""],
  ];
  for (const [body, path] of refused) {
    const problem = await json<{ errors: { path: string }[] }>(
      await send(app, "POST", "/api/webhooks", body),
      400,
    );
    assert.equal(problem.errors[0].path, path, JSON.stringify(body));
  }
  const { items } = await json<Page<Webhook>>(await app.fetch("/api/webhooks"));
  assert.deepEqual(items, []);
});

Deno.test("webhooks: 500 is tried again at a time of the schedule, with the same id", async () => {
  await using receiver = startReceiver(() =>
    new Response("a\u0000broken\nthing", { status: 500 })
  );
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  await makeThread(app);
  const failed = await settled(
    app,
    webhook,
    (one) => one.state === "waiting" && one.tries > 0,
  );
  assert.equal(failed.attempts[0].status, 500);
  assert.equal(failed.attempts[0].excerpt, "a broken thing");
  const waitMs = Date.parse(failed.nextAttemptAt!) -
    Date.parse(failed.attempts[0].at);
  assert.ok(waitMs <= 15_000, `${waitMs}`);
  receiver.answer = () => new Response(null, { status: 204 });
  // The delivery is told a moment before its job goes back to the queue.
  await waitFor("the job", async () => {
    const now = await send(app, "POST", `/api/jobs/${failed.jobId}/retry`);
    await now.body?.cancel();
    return now.ok;
  });
  const done = await settled(app, webhook, (one) => one.state === "delivered");
  assert.equal(done.tries, 2);
  const [first, second] = receiver.received;
  assert.equal(first.id, second.id);
  verify(webhook.secret, second);
});

Deno.test("webhooks: Retry-After is waited for, and a test is sent once", async () => {
  await using receiver = startReceiver(() =>
    new Response("slow down", {
      status: 429,
      headers: { "retry-after": "600" },
    })
  );
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  await makeThread(app);
  const delivery = await settled(
    app,
    webhook,
    (one) => one.tries === 1 && one.nextAttemptAt !== null,
  );
  const [{ at, status }] = delivery.attempts;
  assert.equal(status, 429);
  const waitMs = Date.parse(delivery.nextAttemptAt!) - Date.parse(at);
  assert.ok(waitMs >= 600_000, `${waitMs}`);
  const test = await send(app, "POST", `/api/webhooks/${webhook.id}/test`);
  assert.equal(test.status, 202, await test.text());
  const tested = await settled(
    app,
    webhook,
    (one) => one.type === "webhook.test" && one.state === "failed",
  );
  assert.equal(tested.nextAttemptAt, null);
  assert.equal(receiver.received.at(-1)?.data.subject, webhook.id);
});

Deno.test("webhooks: 410 switches it off, which its owner is told and can take back", async () => {
  await using receiver = startReceiver(() =>
    new Response(null, { status: 410 })
  );
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  await makeThread(app);
  const path = `/api/webhooks/${webhook.id}`;
  const off = await waitFor("the end", async () => {
    const now = await json<Webhook>(await app.fetch(path));
    return !now.enabled && now;
  });
  assert.equal(off.disabledReason, "gone");
  const told = await waitFor("the event", async () => {
    const { items } = await json<Page<LoggedEvent>>(
      await app.fetch("/api/events?type=webhook.disabled"),
    );
    return items[0];
  });
  assert.deepEqual(
    [told.subject, told.data.reason],
    [webhook.id, "gone"],
  );
  await makeThread(app);
  const again = await send(app, "POST", `${path}/test`);
  assert.equal(again.status, 409, await again.text());
  receiver.answer = () => new Response("back");
  const on = await json<Webhook>(
    await send(app, "PATCH", path, { enabled: true }, {
      "if-match": `"${off.version}"`,
    }),
  );
  assert.equal(on.enabled, true);
  const next = await makeThread(app);
  await waitFor(
    "the next",
    () => receiver.received.some(({ data }) => data.subject === next),
  );
});

Deno.test("webhooks: a redirect to a private address is not followed", async () => {
  await using inner = startReceiver();
  await using receiver = startReceiver(() =>
    new Response(null, {
      status: 307,
      headers: { location: `${inner.url}/inside` },
    })
  );
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  await makeThread(app);
  const { attempts: [attempt] } = await settled(
    app,
    webhook,
    (one) => one.state === "waiting" && one.tries === 1,
  );
  assert.equal(attempt.status, 307);
  assert.match(attempt.error ?? "", /redirects/);
  assert.equal(inner.received.length, 0);
});

Deno.test("webhooks: a receiver that hangs or resets takes no places of the others", async () => {
  const gate = Promise.withResolvers<void>();
  await using slow = startReceiver(async () => {
    await gate.promise;
    return new Response("at last");
  });
  await using quick = startReceiver();
  const resetting = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const resets = (async () => {
    for await (const connection of resetting) connection.close();
  })();
  try {
    await using app = await startHooked();
    await makeWebhook(app, `${slow.url}/`, { events: ["thread.created"] });
    const reset = await makeWebhook(
      app,
      `http://127.0.0.1:${resetting.addr.port}/`,
      { events: ["thread.created"] },
    );
    await makeWebhook(app, `${quick.url}/`, { events: ["thread.created"] });
    for (let count = 0; count < 20; count += 1) await makeThread(app);
    await waitFor("the quick one", () => quick.received.length >= 20);
    assert.ok(slow.received.length <= 4, `${slow.received.length}`);
    const failed = await settled(app, reset, (one) => one.tries > 0);
    assert.equal(failed.attempts[0]?.status, null);
    gate.resolve();
    // The others come back one after the other, as soon as a place is likely to be free.
    await waitFor("the slow one", () => slow.received.length > 4, 60_000);
    const ids = slow.received.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  } finally {
    resetting.close();
    await resets;
  }
});

Deno.test("webhooks: a new secret signs beside the old one, and neither is anywhere to be seen", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked();
  const made = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  const path = `/api/webhooks/${made.id}`;
  const rotated = await json<Made>(await send(app, "POST", `${path}/secret`));
  assert.notEqual(rotated.secret, made.secret);
  assert.ok(Date.parse(rotated.oldSecretUntil!) > Date.now());
  await makeThread(app);
  const got = await waitFor("the request", () => receiver.received[0]);
  verify(made.secret, got);
  verify(rotated.secret, got);
  await settled(app, made, (one) => one.state === "delivered");
  const shown = await Promise.all(
    [
      "/api/webhooks",
      path,
      `${path}/deliveries`,
      "/api/events",
      "/api/events?scope=workspace",
      "/api/audit",
      "/api/jobs",
      "/settings",
      `/webhooks/${made.id}`,
      "/admin/webhooks",
      "/admin/events",
      "/admin/audit",
    ].map(async (path) => await (await app.fetch(path)).text()),
  );
  for (const secret of [made.secret, rotated.secret]) {
    const bare = secret.slice("whsec_".length);
    assert.ok(!shown.join().includes(bare));
    assert.ok(!app.logLines.join().includes(bare));
  }
});

Deno.test("webhooks: deliveries are sent again on demand, one by one and from a place of the log on", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked();
  const webhook = await makeWebhook(app, `${receiver.url}/`, {
    events: ["thread.created"],
  });
  const path = `/api/webhooks/${webhook.id}`;
  for (let count = 0; count < 3; count += 1) await makeThread(app);
  await waitFor("the deliveries", async () => {
    const all = await deliveriesOf(app, webhook);
    return all.length === 3 && all.every(({ state }) => state === "delivered");
  });
  const ids = receiver.received.map(({ id }) => id);
  const [newest, , oldest] = await deliveriesOf(app, webhook);
  const resent = await send(
    app,
    "POST",
    `${path}/deliveries/${newest.id}/resend`,
  );
  assert.equal(resent.status, 202, await resent.text());
  await waitFor("the fourth", () => receiver.received.length >= 4);
  assert.equal(receiver.received[3].id, newest.id);
  await settled(
    app,
    webhook,
    ({ state, tries }) => state === "delivered" && tries === 2,
  );
  const job = await json<Job>(
    await send(app, "POST", `${path}/replay`, { from: oldest.eventId }),
    202,
  );
  assert.equal(job.kind, "webhook.replay");
  await waitFor("all of them", () => receiver.received.length >= 7);
  assert.deepEqual(
    receiver.received.slice(4).map(({ id }) => id).sort(),
    ids.toSorted(),
  );
  await json<Job>(
    await send(app, "POST", `${path}/replay`, {
      since: new Date(Date.parse(oldest.at)).toISOString(),
    }),
    202,
  );
  await waitFor("all of them again", () => receiver.received.length >= 10);
  for (
    const wanted of [
      { from: "somewhere" },
      { since: "9999-01-01T00:00:00Z" },
      { since: "yesterday" },
      {},
    ]
  ) {
    const refused = await send(app, "POST", `${path}/replay`, wanted);
    assert.equal(refused.status, 400, await refused.text());
  }
});

Deno.test("webhooks: an id of somebody else is not there, and roles hold", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const people = await Promise.all(
    (["member", "viewer"] as const).map(async (role) => {
      const password = "a password of theirs";
      const email = `${role}@example.org`;
      const made = await owner.send("POST", "/api/users", {
        email,
        role,
        password,
      });
      assert.equal(made.status, 201, await made.text());
      return await signedIn(app, { email, password });
    }),
  );
  const [member, viewer] = people;
  const own = await makeWebhook(owner, `${receiver.url}/own`);
  const all = await makeWebhook(owner, `${receiver.url}/all`, {
    scope: "workspace",
    events: ["thread.created", "user.signed_in"],
  });
  const theirs = await makeWebhook(member, `${receiver.url}/theirs`, {
    events: ["thread.created"],
  });
  const requests = (id: string): [string, string, unknown?][] => [
    ["GET", `/api/webhooks/${id}`],
    ["GET", `/api/webhooks/${id}/deliveries`],
    ["POST", `/api/webhooks/${id}/test`],
    ["POST", `/api/webhooks/${id}/secret`],
    ["POST", `/api/webhooks/${id}/replay`, { from: "x" }],
    ["PATCH", `/api/webhooks/${id}`, { enabled: false }],
    ["DELETE", `/api/webhooks/${id}`],
  ];
  for (const { id } of [own, all]) {
    for (const [method, path, body] of requests(id)) {
      const response = await send(member, method, path, body, {
        "if-match": "*",
      });
      assert.equal(response.status, 404, `${method} ${path}`);
      await response.body?.cancel();
    }
  }
  const foreign = await owner.fetch(`/api/webhooks/${theirs.id}`);
  assert.equal(foreign.status, 404);
  await foreign.body?.cancel();
  for (
    const [client, method, path, body] of [
      [member, "GET", "/api/webhooks?scope=workspace"],
      [member, "GET", "/api/events?scope=workspace"],
      [member, "POST", "/api/webhooks", {
        url: "https://example.org/",
        scope: "workspace",
      }],
      [viewer, "POST", "/api/webhooks", { url: "https://example.org/" }],
    ] as const
  ) {
    const response = await send(client, method, path, body);
    assert.equal(response.status, 403, `${method} ${path}`);
    await response.body?.cancel();
  }
  assert.deepEqual(
    (await json<Page<Webhook>>(await viewer.fetch("/api/webhooks"))).items,
    [],
  );
  const thread = await makeThread(member, "Mine alone");
  await waitFor("their own", () => receiver.of("/theirs")[0]);
  const seen = await waitFor(
    "the workspace's",
    () => receiver.of("/all", "thread.created")[0],
  );
  assert.equal(seen.data.subject, thread);
  assert.equal(receiver.of("/own", "thread.created").length, 0);
});

Deno.test("webhooks: 200 are told of one event, and one that fails stops none of them", async () => {
  await using receiver = startReceiver(({ path }) =>
    path === "/7" ? new Response(null, { status: 503 }) : new Response()
  );
  await using app = await startHooked();
  const { webhooks } = app.services;
  const caller = {
    mode: "local",
    workspace: "wsp_0000000000000000000000",
    user: "usr_0000000000000000000000",
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "",
  } as const;
  for (let count = 0; count < 200; count += 1) {
    await webhooks.create(caller, {
      url: `${receiver.url}/${count}`,
      description: "",
      events: ["thread.created"],
      enabled: true,
      scope: "workspace",
    });
  }
  await makeThread(app);
  await waitFor(
    "all of them",
    () => new Set(receiver.received.map(({ path }) => path)).size === 200,
    30_000,
  );
  const ids = new Set(receiver.received.map(({ id }) => id));
  assert.equal(ids.size, 1);
  const twice = Map.groupBy(receiver.received, ({ path }) => path);
  for (const [path, got] of twice) {
    if (path !== "/7") assert.equal(got.length, 1, path);
  }
});

Deno.test("webhooks: If-Match is asked for, and one that is deleted is told no more", async () => {
  await using receiver = startReceiver();
  await using app = await startHooked();
  const { id, version } = await makeWebhook(app, `${receiver.url}/`);
  const path = `/api/webhooks/${id}`;
  const statuses = [
    await send(app, "PATCH", path, { description: "x" }),
    await send(app, "PATCH", path, { description: "x" }, { "if-match": '"9"' }),
    await send(app, "PATCH", path, { url: "http://10.0.0.1/" }, {
      "if-match": `"${version}"`,
    }),
    await send(app, "DELETE", path),
    await send(app, "DELETE", path, undefined, { "if-match": `"${version}"` }),
    await app.fetch(path),
  ].map(async (response) => {
    await response.body?.cancel();
    return response.status;
  });
  assert.deepEqual(await Promise.all(statuses), [428, 412, 400, 428, 204, 404]);
  const other = await makeWebhook(app, `${receiver.url}/other`);
  await makeThread(app);
  await waitFor("the other", () => receiver.of("/other", "thread.created")[0]);
  assert.equal(receiver.of("/").length, 0);
  assert.ok(other.id !== id);
});

Deno.test("GET /api/events: filters, pages and one event; a place that is none is refused", async () => {
  await using app = await startHooked();
  const threads: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    threads.push(await makeThread(app));
  }
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<LoggedEvent> = await json(
      await app.fetch(
        `/api/events?type=thread.*&limit=2${cursor ? `&cursor=${cursor}` : ""}`,
      ),
    );
    names.push(...page.items.map(({ subject }) => subject));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(names, threads.toReversed());
  const all = await json<Page<LoggedEvent>>(
    await app.fetch(`/api/events?scope=workspace&subject=${threads[2]}`),
  );
  assert.deepEqual(all.items.map(({ subject }) => subject), [threads[2]]);
  const [event] = all.items;
  for (const scope of ["own", "workspace"]) {
    const one = await json<LoggedEvent>(
      await app.fetch(`/api/events/${event.id}?scope=${scope}`),
    );
    assert.deepEqual(one, event);
  }
  for (
    const [path, status] of [
      ["/api/events?type=nonsense", 400],
      ["/api/events?cursor=nonsense", 400],
      ["/api/events?from=yesterday", 400],
      ["/api/events?scope=everyone", 400],
      ["/api/events/nonsense", 404],
    ] as const
  ) {
    const response = await app.fetch(path);
    assert.equal(response.status, status, path);
    await response.body?.cancel();
  }
});
