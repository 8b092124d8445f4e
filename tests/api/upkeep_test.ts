/** Upkeep that people begin as jobs: sweeps, indexes, lists of models, prices and reports. */
import assert from "node:assert/strict";
import { startSmtp } from "@/lib/mail/testing/smtp_rig.ts";
import type { Job, Page, Thread, User } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { newThread, startChat } from "../support/chat_client.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { json } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

const PRICE = {
  model: "m1",
  from: "2026-01-01",
  inputPerMillionUsd: "1.00",
  outputPerMillionUsd: "2.00",
};

type Ask = Pick<TestApp, "fetch" | "post">;

async function ended(app: Pick<TestApp, "fetch">, id: string): Promise<Job> {
  return await waitFor("the end of the job", async () => {
    const job: Job = await json(await app.fetch(`/api/jobs/${id}`));
    return ["completed", "dead", "cancelled"].includes(job.status) && job;
  });
}

/** Has a job done. */
async function done(app: Ask, kind: string, input: unknown = {}): Promise<Job> {
  const response = await app.post("/api/jobs", { kind, input });
  return await ended(app, (await json<Job>(response, 202)).id);
}

const textOf = ({ result }: Job) => (result as { text: string } | null)?.text;

Deno.test("retention.run and models.refresh: say what they did; a provider that is silent fails nothing", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const swept = await done(app, "retention.run");
  assert.equal(swept.status, "completed", swept.error ?? "");
  assert.match(textOf(swept) ?? "", /^(Nothing was old|Removed)/);
  upstream.setModels(["only-one"]);
  const listed = await done(app, "models.refresh");
  assert.equal(textOf(listed), "1 models of 1 provider.");
  const { data } = await json<{ data: { id: string }[] }>(
    await app.fetch("/v1/models"),
  );
  assert.ok(data.some(({ id }) => id === "only-one"));
  upstream.setModels(null, { status: 500 });
  const silent = await done(app, "models.refresh");
  assert.match(textOf(silent) ?? "", /Gave no list: /);
});

Deno.test("search.rebuild: finds everything again after the index was lost", async () => {
  await using app = await startApp();
  for (const title of ["Snowmelt in May", "Ice on the lake"]) {
    await newThread(app, { title });
  }
  const find = async () => {
    const { items }: Page<Thread> = await json(
      await app.fetch("/api/search?q=snowmelt"),
    );
    return items.length;
  };
  await waitFor("the index", async () => await find() === 1);
  const { kv } = app.services.store;
  const rows = await Array.fromAsync(kv.list({ prefix: [] }));
  const index = rows.filter(({ key }) =>
    ["sx", "sg"].includes(String(key[1])) && String(key[0]).includes("/usr_")
  );
  assert.ok(index.length > 0);
  let atomic = kv.atomic();
  for (const { key, versionstamp } of index) {
    atomic = atomic.check({ key, versionstamp }).delete(key);
  }
  assert.ok((await atomic.commit()).ok);
  assert.equal(await find(), 0);
  const own = await done(app, "search.rebuild");
  assert.equal(textOf(own), "Indexed 2 threads.");
  assert.equal(await find(), 1);
  const all = await done(app, "search.rebuild", { scope: "workspace" });
  assert.equal(textOf(all), "Indexed 2 threads.");
  assert.equal(await find(), 1);
});

Deno.test("prices.import: takes a file whole or not at all, and names each line that is wrong", async () => {
  await using app = await startApp();
  const pricesOf = async () => {
    const { items } = await json<{ items: { model: string }[] }>(
      await app.fetch("/api/prices"),
    );
    return items.map(({ model }) => model);
  };
  const bad = await done(app, "prices.import", {
    text:
      "model,from,inputPerMillionUsd,outputPerMillionUsd\nm1,2026-01-01,1,2\n=1+1,2026-01-01,1,2\nm2,soon,1,2\n",
  });
  assert.equal(bad.status, "dead");
  assert.equal(bad.attempt, 1);
  assert.match(bad.error ?? "", /line 3: model: is a formula.*; line 4: from/);
  assert.deepEqual(await pricesOf(), []);
  const good = await done(app, "prices.import", {
    text: JSON.stringify([PRICE, { ...PRICE, model: "m2" }]),
  });
  assert.equal(textOf(good), "Took 2 prices: 2 new, 0 changed, 0 as before.");
  const again = await done(app, "prices.import", {
    text: JSON.stringify([{ ...PRICE, outputPerMillionUsd: "3.00" }]),
  });
  assert.equal(textOf(again), "Took 1 prices: 0 new, 1 changed, 0 as before.");
  assert.deepEqual(await pricesOf(), ["m1", "m2"]);
  // This machine is not the public internet.
  const refused = await done(app, "prices.import", {
    url: `${app.url}/prices.json`,
  });
  assert.equal(refused.status, "dead");
  assert.match(refused.error ?? "", /cannot be used/);
  for (const input of [{}, { text: "" }, { url: "file:///etc/passwd" }]) {
    const response = await app.post("/api/jobs", {
      kind: "prices.import",
      input,
    });
    assert.equal(response.status, 400, await response.text());
  }
});

Deno.test("/admin/prices: a file is imported by form, and one that is none stays in it", async () => {
  await using app = await startApp();
  const send = (fields: Record<string, string>) =>
    app.fetch("/admin/prices", {
      method: "POST",
      headers: { "sec-fetch-site": "same-origin" },
      body: new URLSearchParams({ action: "import", ...fields }),
    });
  for (
    const fields of [
      { text: "", url: "" },
      { text: "a", url: "https://example.org/" },
      { text: "", url: "ftp://example.org/" },
      { text: "x".repeat(20_001), url: "" },
    ]
  ) {
    const refused = await send(fields);
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /field-error/);
  }
  const begun = await send({ text: JSON.stringify([PRICE]), url: "" });
  assert.equal(begun.status, 303, await begun.text());
  const path = begun.headers.get("location") ?? "";
  const job = await ended(app, path.replace("/jobs/", ""));
  assert.equal(job.status, "completed", job.error ?? "");
  const page = await (await app.fetch("/admin/prices")).text();
  assert.ok(page.includes("m1"));
});

Deno.test("prices.import: an address that is allowed is fetched, and what is no file is refused", async () => {
  const files: Record<string, string> = {
    "/prices.json": JSON.stringify({ prices: [PRICE] }),
    "/page.html": "<!doctype html><title>Not found</title>",
  };
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      const text = files[new URL(request.url).pathname];
      return new Response(text ?? "", {
        status: text === undefined ? 404 : 200,
      });
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  await using app = await startApp({
    configFile: { outgoing: { allow: ["127.0.0.1"] } },
  });
  const { status, error } = await done(app, "prices.import", {
    url: `${origin}/prices.json`,
  });
  assert.equal(status, "completed", error ?? "");
  const page = await done(app, "prices.import", { url: `${origin}/page.html` });
  assert.match(page.error ?? "", /first line of the file lacks/);
  const none = await done(app, "prices.import", { url: `${origin}/gone` });
  assert.match(none.error ?? "", /answered 404/);
  await server.shutdown();
});

Deno.test("POST /api/reports/usage/send: mails the figures of the ledger once, and says why when it cannot", async () => {
  await using smtp = await startSmtp({ isPlain: true });
  const HOST = {
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-host": "localhost:8000",
    "x-forwarded-proto": "http",
  };
  const configFile = { prices: [{ ...PRICE, model: "fake-1" }] };
  await using rig = await startChat({
    behaviour: { text: "Two metres.", usage: "own" },
  }, {
    env: {
      ...PASSWORD_MODE,
      PUBLIC_URL: "http://localhost:8000",
      TRUSTED_PROXIES: "127.0.0.1/32",
      SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
      MAIL_FROM: "Freshet <app@example.org>",
    },
    configFile,
  });
  const owner = await signedIn(rig.app, OWNER, HOST);
  const asked = await owner.send("POST", "/api/stream", {
    query: "How high is the river?",
    model: "fake-1",
  }, HOST);
  assert.equal(asked.status, 200);
  await asked.text();
  const today = new Date().toISOString().slice(0, 10);
  const send = (body: unknown) =>
    owner.send("POST", "/api/reports/usage/send", body, HOST);
  for (
    const body of [
      { from: today },
      { from: "2026-02-30", to: today },
      { range: "yesterday", from: today, to: today },
      { recipients: "everyone" },
    ]
  ) {
    const response = await send(body);
    assert.equal(response.status, 400, await response.text());
  }
  const response = await send({ from: today, to: today });
  const job: Job = await json(response, 202);
  assert.equal(response.headers.get("location"), `/api/jobs/${job.id}`);
  const fetch = (path: string) => owner.fetch(path, { headers: HOST });
  const report = await ended({ fetch }, job.id);
  assert.equal(report.status, "completed", report.error ?? "");
  const { email, to } = await waitFor("the mail", () => smtp.mails[0]);
  assert.deepEqual(to, [OWNER.email]);
  for (const part of [email.text ?? "", email.html ?? ""]) {
    assert.ok(part.includes("fake-1"), part);
    assert.match(part, /Answers(:|<)/);
  }
  assert.match(email.subject ?? "", new RegExp(`${today}: \\$`));
  // Again by the same job: nobody gets it twice.
  const retried = await owner.send(
    "POST",
    `/api/jobs/${job.id}/retry`,
    {},
    HOST,
  );
  assert.equal(retried.status, 202, await retried.text());
  await ended({ fetch }, job.id);
  assert.equal(smtp.mails.length, 1);
  await rig[Symbol.asyncDispose]();

  await using local = await startApp();
  const dead = await ended(
    local,
    (await json<Job>(await local.post("/api/reports/usage/send", {}), 202)).id,
  );
  assert.match(dead.error ?? "", /SMTP_URL/);
});

Deno.test("upkeep: who is no admin of the server begins none of it, and the program's own kinds are nobody's", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const member = {
    email: "member@example.org",
    password: "a password of theirs",
    role: "member",
  };
  assert.equal(
    (await owner.send("POST", "/api/users", member)).status,
    201,
  );
  const { send } = await signedIn(app, member);
  for (
    const [kind, input, status] of [
      ["retention.run", {}, 403],
      ["models.refresh", {}, 403],
      ["prices.import", { text: "[]" }, 403],
      ["usage.report", {}, 403],
      ["usage.check", {}, 403],
      ["usage.rebuild", { scope: "server" }, 403],
      // Their own index is theirs; that of everybody is not.
      ["search.rebuild", { scope: "workspace" }, 403],
      ["prompt.ask", {}, 400],
    ] as const
  ) {
    const response = await send("POST", "/api/jobs", { kind, input });
    assert.equal(response.status, status, `${kind} ${await response.text()}`);
    const schedule = await send("POST", "/api/schedules", {
      name: "Mine",
      cron: "@daily",
      target: { type: "job", kind, input },
    });
    assert.equal(schedule.status, status, `${kind} ${await schedule.text()}`);
  }
  const refused = await send("POST", "/api/reports/usage/send", {});
  assert.equal(refused.status, 403, await refused.text());
  // Who was an admin when they asked, and is none when it is done, gets no more.
  const [{ id }] = (await json<Page<User>>(
    await owner.fetch("/api/users?limit=200"),
  )).items.filter(({ email }) => email === member.email);
  const become = async (role: string) => {
    const changed = await owner.send("PATCH", `/api/users/${id}`, { role }, {
      "if-match": "*",
    });
    assert.equal(changed.status, 200, await changed.text());
  };
  await become("admin");
  const job: Job = await json(
    await send("POST", "/api/jobs", {
      kind: "search.rebuild",
      input: { scope: "workspace" },
      runAt: new Date(Date.now() + 3_600_000).toISOString(),
    }),
    202,
  );
  await become("member");
  // Begun by an admin: they are asked for, not who pressed the button.
  await json(await owner.send("POST", `/api/jobs/${job.id}/retry`, {}), 202);
  const { error } = await ended({ fetch: owner.fetch }, job.id);
  assert.match(error ?? "", /no admin of the workspace/);
});
