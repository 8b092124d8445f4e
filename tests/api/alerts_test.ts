/** Alerts over HTTP: what fires, who is told, silence, rules, history. */
import assert from "node:assert/strict";
import type {
  Alert,
  AlertRule,
  AlertRuleList,
  EndedAlert,
  LoggedEvent,
  Notification,
  Page,
} from "@/lib/shared/wire.ts";
import type { TestApp } from "@/tests/support/app.ts";
import { PASSWORD_MODE, signedIn } from "@/tests/support/signed_in.ts";
import { startApp } from "@/tests/support/app.ts";
import { waitFor } from "@/tests/support/wait.ts";
import { MODEL, postChat, question, startChat } from "./v1_rig.ts";

/** Fires at once when more than one in a hundred answers fails. */
const ERRORS = {
  id: "errors",
  metric: "error_rate",
  window: "1m",
  above: 0.01,
  for: "0s",
  clearFor: "0s",
  severity: "critical",
};

const REFUSED = { status: 400 };

async function json<T>(answer: Response | Promise<Response>): Promise<T> {
  const there = await answer;
  const text = await there.text();
  assert.ok(there.ok, `${there.status} ${text}`);
  return JSON.parse(text);
}

async function look({ services }: TestApp): Promise<void> {
  await services.alertEvaluator.look(AbortSignal.timeout(15_000));
}

async function current(app: TestApp): Promise<Alert[]> {
  const { items } = await json<{ items: Alert[] }>(app.fetch("/api/alerts"));
  return items;
}

/** Alerts of one rule: a busy machine may have others. */
async function ofRule(app: TestApp, rule: string): Promise<Alert[]> {
  return (await current(app)).filter((alert) => alert.rule === rule);
}

/** Looks until there is an alert of a rule, and gives it. */
async function firing(app: TestApp, rule: string): Promise<Alert> {
  return await waitFor(`rule ${rule} to fire`, async () => {
    await look(app);
    const found = await ofRule(app, rule);
    return found.find(({ state }) => state === "firing");
  });
}

async function put(
  app: Pick<TestApp, "fetch">,
  id: string,
  body: Record<string, unknown>,
  headers: Record<string, string> = { "if-match": "*" },
): Promise<Response> {
  return await app.fetch(`/api/alerts/rules/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function rules(app: TestApp): Promise<AlertRuleList> {
  return await json(app.fetch("/api/alerts/rules"));
}

async function events(app: TestApp, type: string): Promise<LoggedEvent[]> {
  const page = await json<Page<LoggedEvent>>(
    app.fetch(`/api/events?scope=workspace&type=${type}`),
  );
  return page.items;
}

Deno.test("alerts: what fails fires once, with what to do, and everybody is told the same words", async () => {
  await using rig = await startChat({ behaviour: REFUSED }, {
    configFile: { alerts: [ERRORS] },
  });
  const { app } = rig;
  await look(app);
  assert.deepEqual(await ofRule(app, "errors"), []);
  await (await postChat(app, question())).text();
  const alert = await firing(app, "errors");
  assert.equal(alert.severity, "critical");
  assert.equal(alert.value, 1);
  assert.match(alert.text, /Share of failed answers: 100 %/);
  assert.match(alert.text, /1 of 1 answers failed/);
  assert.notEqual(alert.next, "");
  await look(app);
  await look(app);
  const [fired, ...others] = await waitFor(
    "the event",
    async () => {
      const found = await events(app, "alert.fired");
      return found.length > 0 && found;
    },
  );
  assert.deepEqual(others, []);
  assert.equal(fired.data.incident, alert.incident);
  assert.equal(fired.data.headline, alert.title);
  assert.ok(String(fired.data.words).startsWith(alert.text));
  const told = await waitFor("the notification", async () => {
    const { items } = await json<Page<Notification>>(
      app.fetch("/api/notifications"),
    );
    return items.find(({ event }) => event === "alert.fired");
  });
  assert.equal(told.title, `Alert: ${alert.title}`);
  assert.equal(told.text, String(fired.data.words).slice(0, 500));
  const page = await (await app.fetch("/admin/alerts")).text();
  assert.ok(page.includes(alert.next) && page.includes("Silence for an hour"));
  const other = await (await app.fetch("/admin/limits")).text();
  assert.ok(other.includes("alert-strip"), "no strip on another page");
  await json(put(app, "errors", { above: 2, scope: "server" }));
  await look(app);
  assert.deepEqual(await ofRule(app, "errors"), []);
  const [over] = await waitFor("the event of its end", async () => {
    const found = await events(app, "alert.resolved");
    return found.length > 0 && found;
  });
  assert.equal(over.data.incident, alert.incident);
  assert.equal(over.data.ending, "recovered");
  const { items } = await json<Page<EndedAlert>>(
    app.fetch("/api/alerts/history?limit=1"),
  );
  assert.equal(items[0].incident, alert.incident);
  assert.equal(items[0].wasTold, true);
  assert.equal(items[0].worst, 1);
});

Deno.test("alerts: a provider that fails is told by its name, until it answers", async () => {
  const behaviours: Record<string, { status?: number; text?: string }> = {
    [MODEL]: { status: 500 },
  };
  await using rig = await startChat({ behaviours }, {
    configFile: {
      breaker: { failures: 1, windowMs: 30_000, openMs: 100 },
      alerts: [{ id: "provider-down", clearFor: "0s" }],
    },
  });
  const { app } = rig;
  await (await postChat(app, question())).text();
  const alert = await firing(app, "provider-down");
  assert.match(alert.title, /^A provider is down: /);
  assert.match(alert.text, new RegExp(MODEL));
  assert.equal(alert.severity, "critical");
  behaviours[MODEL] = { text: "It falls." };
  await waitFor("it to be over", async () => {
    await (await postChat(app, question())).text();
    await look(app);
    return (await ofRule(app, "provider-down")).length === 0;
  });
});

Deno.test("alerts: a silenced one fires without a word, and is told when the silence ends", async () => {
  await using rig = await startChat({ behaviour: REFUSED }, {
    configFile: { alerts: [ERRORS] },
  });
  const { app } = rig;
  const target = { scope: "server", rule: "errors" };
  const silenced = await app.post("/api/alerts/silences", {
    ...target,
    minutes: 60,
  });
  assert.equal(silenced.status, 201, await silenced.text());
  await (await postChat(app, question())).text();
  const alert = await firing(app, "errors");
  assert.ok(alert.silencedUntil !== null);
  assert.deepEqual(await events(app, "alert.fired"), []);
  const ended = await app.fetch(
    "/api/alerts/silences?scope=server&rule=errors",
    { method: "DELETE" },
  );
  assert.equal(ended.status, 204);
  await look(app);
  await waitFor(
    "the event",
    async () => (await events(app, "alert.fired")).length === 1,
  );
});

Deno.test("alerts: a spent budget fires until the budget is another one", async () => {
  await using rig = await startChat({
    behaviour: { text: "a b c", usage: "own" },
  }, {
    configFile: {
      alerts: [],
      cache: { policy: "off" },
      prices: [{
        model: MODEL,
        from: "2020-01-01",
        inputPerMillionUsd: "0",
        outputPerMillionUsd: "100",
      }],
      budgets: [{ subject: "workspace:*", period: "day", tokens: 8 }],
    },
  });
  const { app } = rig;
  for (let asked = 0; asked < 3; asked += 1) {
    await (await postChat(app, question())).text();
  }
  const alert = await firing(app, "budget-spent");
  assert.equal(alert.scope, "workspace");
  assert.match(alert.title, /today’s budget/);
  const before = await app.fetch("/api/budgets");
  const raised = await app.fetch("/api/budgets", {
    method: "PUT",
    headers: {
      "content-type": "application/json",
      "if-match": before.headers.get("etag")!,
    },
    body: JSON.stringify({
      items: [{ subject: "workspace:*", period: "day", tokens: 8_000 }],
    }),
  });
  await before.body?.cancel();
  assert.equal(raised.status, 200, await raised.text());
  await waitFor("it to be over", async () => {
    await look(app);
    return (await current(app)).every(({ metric }) =>
      !metric.startsWith("budget")
    );
  });
});

Deno.test("alerts: the defaults are there, and one is changed, switched off and taken back", async () => {
  await using rig = await startChat({}, { configFile: { alerts: [] } });
  const { app } = rig;
  const find = async (id: string): Promise<AlertRule> => {
    const { items } = await rules(app);
    return items.find((rule) => rule.id === id)!;
  };
  const { items } = await rules(app);
  const memory = items.find(({ id }) => id === "memory")?.value ?? 0;
  assert.ok(memory > 1e6, `${memory} bytes of memory`);
  const told = items.map(({ id, above }) => [id, above]);
  assert.deepEqual(Object.fromEntries(told), {
    "event-loop-lag": 100,
    "memory": 1_000_000_000,
    "slow-requests": 500,
    "workers-busy": 0.8,
    "jobs-waiting": 50,
    "error-rate": 0.01,
    "breaker-open": 0,
    "provider-down": 0,
    "budget-warned": 0,
    "budget-spent": 0,
  });
  const without = await put(app, "memory", { above: 2e9 }, {});
  assert.equal(without.status, 428, await without.text());
  const saved = await put(app, "memory", { above: 2e9, enabled: false }, {
    "if-match": '"0"',
  });
  assert.equal(saved.headers.get("etag"), '"1"');
  const rule = await json<AlertRule>(saved);
  assert.equal(rule.above, 2e9);
  assert.equal(rule.state, "off");
  assert.equal(rule.for, "2m");
  assert.equal(rule.source, "edited");
  const stale = await put(app, "memory", {}, { "if-match": '"0"' });
  assert.equal(stale.status, 412, await stale.text());
  const back = await app.fetch("/api/alerts/rules/memory", {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(back.status, 204);
  assert.equal((await find("memory")).above, 1e9);
});

Deno.test("alerts: a test is told and over at once, and leaves nothing behind", async () => {
  await using rig = await startChat({}, { configFile: { alerts: [] } });
  const { app } = rig;
  const sent = await app.post("/api/alerts/test", { scope: "server" });
  assert.equal(sent.status, 204);
  const [over] = await waitFor("its end", async () => {
    const found = await events(app, "alert.resolved");
    return found.length > 0 && found;
  });
  const [fired] = await events(app, "alert.fired");
  assert.equal(over.data.incident, fired.data.incident);
  assert.equal(fired.data.rule, "test");
  const { items } = await json<Page<EndedAlert>>(
    app.fetch("/api/alerts/history"),
  );
  assert.deepEqual(items, []);
  assert.deepEqual(await ofRule(app, "test"), []);
});

Deno.test("alerts: what cannot be a rule or a silence is named", async () => {
  await using rig = await startChat({}, { configFile: { alerts: [] } });
  const { app } = rig;
  const wrong: [string, Record<string, unknown>, string][] = [
    ["new", { above: 1 }, "metric"],
    ["new", { metric: "requests" }, "above"],
    ["new", { metric: "requests", above: 1, below: 2 }, "above"],
    ["new", { metric: "nothing", above: 1 }, "metric"],
    ["new", { metric: "requests", above: 1, window: "5 minutes" }, "window"],
    ["new", { metric: "requests", above: 1, for: "8d" }, "for"],
    ["new", { metric: "memory_bytes", above: 1, scope: "workspace" }, "metric"],
    ["New", { metric: "requests", above: 1 }, "id"],
    ["new", { metric: "requests", above: 1, href: "//evil.example" }, "href"],
  ];
  for (const [id, body, path] of wrong) {
    const answer = await put(app, id, body);
    const problem = await answer.json();
    assert.equal(answer.status, 400, JSON.stringify([id, body]));
    assert.equal(problem.errors[0]?.path, path, JSON.stringify(problem));
  }
  const silence = { scope: "server", rule: "memory", minutes: 60 };
  for (
    const [body, status] of [
      [{ ...silence, minutes: 0 }, 400],
      [{ ...silence, minutes: 60 * 24 * 365 }, 400],
      [{ ...silence, scope: "all" }, 400],
      [{ ...silence, rule: "none" }, 404],
    ] as const
  ) {
    const answer = await app.post("/api/alerts/silences", body);
    assert.equal(answer.status, status, await answer.text());
  }
});

Deno.test("alerts: an admin of another workspace sees and changes nothing of the server", async () => {
  await using app = await startApp({
    env: PASSWORD_MODE,
    configFile: {
      alerts: [{ ...ERRORS, metric: "requests", below: 1, above: undefined }],
    },
  });
  await firingAsOwner(app);
  const owner = await signedIn(app, {
    email: PASSWORD_MODE.FRESHET_ADMIN_EMAIL,
    password: PASSWORD_MODE.FRESHET_ADMIN_PASSWORD,
  });
  const { id } = await json<{ id: string }>(
    owner.send("POST", "/api/workspaces", { name: "Second" }),
  );
  const account = await app.services.users.findByEmail(
    PASSWORD_MODE.FRESHET_ADMIN_EMAIL,
  );
  const invited = {
    email: "admin@second.example",
    password: "a password of the second",
  };
  await app.services.users.create(
    {
      mode: "password",
      workspace: id,
      user: account!.id,
      role: "owner",
      isOperator: true,
      groups: [],
      key: null,
      session: null,
      address: "127.0.0.1",
    },
    id,
    { ...invited, role: "admin", groups: [] },
  );
  const admin = await signedIn(app, invited);
  const there = await json<{ items: Alert[] }>(admin.fetch("/api/alerts"));
  assert.deepEqual(there.items, []);
  const list = await json<AlertRuleList>(admin.fetch("/api/alerts/rules"));
  assert.equal(list.versions.server, null);
  assert.ok(list.items.every(({ scope }) => scope === "workspace"));
  const tried = await admin.send("POST", "/api/alerts/silences", {
    scope: "server",
    rule: "errors",
    minutes: 5,
  });
  assert.equal(tried.status, 403, await tried.text());
  const own = await put(admin, "busy", { metric: "requests", above: 5 });
  assert.equal((await json<AlertRule>(own)).scope, "workspace");
});

/** Looks until the server's own alert fires, which the owner sees. */
async function firingAsOwner(app: TestApp): Promise<void> {
  await waitFor("the alert", async () => {
    await look(app);
    const rows = app.services.store.kv.list({ prefix: ["sys", "alst"] });
    return (await Array.fromAsync(rows)).length > 0;
  });
}
