/** The audit log over HTTP: what is recorded, who sees it, and what a file of it proves. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { AuditCheck, AuditEntry, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { startChat } from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";
import { makeKey, revokeKey } from "./key_rig.ts";

type Fetch = (path: string) => Promise<Response>;

async function listed(fetch: Fetch, query = ""): Promise<Page<AuditEntry>> {
  const response = await fetch(`/api/audit${query}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** The newest entries once there are so many that fit. */
function untilListed(
  fetch: Fetch,
  query: string,
  count: number,
): Promise<AuditEntry[]> {
  return waitFor(`${count} entries of ${query}`, async () => {
    const { items } = await listed(fetch, query);
    return items.length >= count && items;
  });
}

async function verified(fetch: Fetch): Promise<AuditCheck> {
  const response = await fetch("/api/audit/verify");
  assert.equal(response.status, 200);
  return await response.json();
}

/** Hash of an exported line, as someone without our code would compute it. */
function hashOf({ hash: _, ...rest }: AuditEntry): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === "object" && value !== null
      ? Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
          .map(([name, member]) => [name, sorted(member)]),
      )
      : value;
  return createHash("sha256").update(JSON.stringify(sorted(rest))).digest(
    "hex",
  );
}

async function threeKeys(app: TestApp): Promise<void> {
  for (const name of ["one", "two", "three"]) await makeKey(app, { name });
  await untilListed(app.fetch, "?type=key.created", 3);
}

Deno.test("GET /api/audit: who did what to what, from where, newest first, and nothing secret", async () => {
  await using app = await startApp();
  const key = await makeKey(app, { name: "robot" });
  await revokeKey(app, key.id);
  const [revoked, created] = await untilListed(app.fetch, "", 2);
  assert.deepEqual([revoked.type, created.type], [
    "key.revoked",
    "key.created",
  ]);
  assert.equal(created.subject, key.id);
  assert.equal(created.details.name, "robot");
  assert.match(created.actor!.user, /^usr_/);
  assert.equal(created.address, "127.0.0.1");
  assert.ok(Math.abs(Date.parse(created.at) - Date.now()) < 600_000);
  assert.ok(!JSON.stringify([revoked, created]).includes(key.key.slice(8)));
});

Deno.test("GET /api/audit: filters and cursors leave nothing out and show nothing twice", async () => {
  await using app = await startApp();
  await threeKeys(app);
  const all = (await listed(app.fetch)).items;
  assert.deepEqual(all.map(({ details }) => details.name), [
    "three",
    "two",
    "one",
  ]);
  const names: unknown[] = [];
  let cursor = "";
  while (true) {
    const page = await listed(app.fetch, `?limit=1${cursor}`);
    names.push(...page.items.map(({ details }) => details.name));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  assert.deepEqual(names, ["three", "two", "one"]);
  const count = async (query: string) =>
    (await listed(app.fetch, query)).items.length;
  const actor = all[0].actor!.user;
  assert.equal(await count(`?actor=${actor}`), 3);
  assert.equal(await count("?actor=usr_other"), 0);
  assert.equal(await count("?type=key.revoked"), 0);
  assert.equal(await count(`?from=${all[1].at}`), 2);
  assert.equal(await count(`?to=${all[1].at}`), 1);
  assert.equal(await count("?from=2020-01-01&to=2020-02-01"), 0);
});

Deno.test("GET /api/audit: what cannot be asked is refused by name", async () => {
  await using app = await startApp();
  for (
    const [query, path] of [
      ["?type=key.stolen", "type"],
      ["?actor=%3Cscript%3E", "actor"],
      ["?from=yesterday", "from"],
      ["?to=2026-13-01", "to"],
      ["?cursor=x", "cursor"],
      ["?limit=0", "limit"],
    ]
  ) {
    const response = await app.fetch(`/api/audit${query}`);
    const problem = await response.json();
    assert.equal(response.status, 400, query);
    assert.equal(problem.errors[0].path, path);
  }
  const response = await app.fetch("/api/audit/export?format=xml");
  assert.equal(response.status, 400);
  await response.body?.cancel();
});

Deno.test("GET /api/audit/export: anyone can prove the file whole, and that it was made is recorded", async () => {
  await using app = await startApp();
  await threeKeys(app);
  const response = await app.fetch("/api/audit/export");
  assert.equal(response.status, 200);
  assert.match(
    response.headers.get("content-disposition")!,
    /^attachment; filename="audit-[\d-]+\.jsonl"$/,
  );
  const lines = (await response.text()).trimEnd().split("\n");
  const entries: AuditEntry[] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    entries.slice(0, 3).map(({ details }) => details.name),
    ["one", "two", "three"],
  );
  let prev = "0".repeat(64);
  for (const [index, entry] of entries.entries()) {
    assert.equal(entry.seq, index + 1);
    assert.equal(entry.prev, prev);
    assert.equal(entry.hash, hashOf(entry));
    prev = entry.hash;
  }
  const [exported] = await untilListed(app.fetch, "?type=data.exported", 1);
  assert.equal(exported.subject, "audit");
  assert.equal(exported.details.format, "jsonl");
});

Deno.test("GET /api/audit/export: in a table no cell is a formula", async () => {
  await using app = await startApp();
  for (const name of [`=HYPERLINK("http://x")`, "+1", "@x", "a,b"]) {
    await makeKey(app, { name });
  }
  await untilListed(app.fetch, "?type=key.created", 4);
  const response = await app.fetch(
    "/api/audit/export?format=csv&type=key.created",
  );
  assert.match(response.headers.get("content-type")!, /^text\/csv/);
  const [head, ...rows] = (await response.text()).trimEnd().split("\r\n");
  assert.ok(head.startsWith("seq,id,workspace,at,type,"));
  assert.equal(rows.length, 4);
  for (const row of rows) assert.ok(!/(^|,)"?\s*[=+@-]/.test(row), row);
});

Deno.test("GET /api/audit/verify: says how far the log is whole", async () => {
  await using app = await startApp();
  await threeKeys(app);
  const check = await verified(app.fetch);
  const newest = (await listed(app.fetch)).items[0];
  assert.deepEqual(
    [check.ok, check.from, check.verifiedTo, check.hash, check.fault],
    [true, 1, newest.seq, newest.hash, null],
  );
});

Deno.test("/admin/audit: shows the log in its first HTML, searches it and checks it", async () => {
  await using app = await startApp();
  await threeKeys(app);
  const html = await (await app.fetch("/admin/audit")).text();
  assert.ok(html.includes("Key created"));
  assert.ok(html.includes("Not checked yet."));
  const other = await (await app.fetch("/admin/audit?type=key.revoked")).text();
  assert.ok(other.includes("No entry fits these filters."));
  const checked = await app.fetch("/admin/audit", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "action=verify",
  });
  assert.equal(checked.status, 303);
  const after = await (await app.fetch("/admin/audit")).text();
  assert.ok(after.includes("Verified up to entry 3"));
});

Deno.test("/api/audit: is for admins, and each workspace has its own", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const password = "a password of theirs";
  const email = "member@example.org";
  const body = { email, role: "member", password };
  assert.equal((await owner.send("POST", "/api/users", body)).status, 201);
  const member = await signedIn(app, { email, password });
  for (const path of ["", "/export", "/verify"]) {
    const refused = await member.fetch(`/api/audit${path}`);
    assert.equal(refused.status, 403, path);
    await refused.body?.cancel();
    const unknown = await app.fetch(`/api/audit${path}`);
    assert.equal(unknown.status, 401, path);
    await unknown.body?.cancel();
  }
  const [created] = await untilListed(
    owner.fetch,
    "?type=user.created",
    // The owner's is the first.
    2,
  );
  assert.equal(created.details.email, email);
  const signIns = await untilListed(owner.fetch, "?type=user.signed_in", 2);
  assert.ok(signIns.every(({ workspace }) => workspace === created.workspace));
  assert.equal((await verified(owner.fetch)).ok, true);
});

Deno.test("data.read: an admin who reads what another asked is recorded, one who reads their own is not", async () => {
  await using rig = await startChat({}, {
    env: PASSWORD_MODE,
    configFile: { requestLog: { bodies: true } },
  });
  const { app } = rig;
  const owner = await signedIn(app, OWNER);
  const password = "a password of theirs";
  const body = { email: "member@example.org", role: "member", password };
  const made = await owner.send("POST", "/api/users", body);
  const { id: memberId } = await made.json();
  const member = await signedIn(app, body);
  const asked: string[] = [];
  for (const who of [owner, member]) {
    const answer = await who.send("POST", "/api/stream", { query: "Hello" });
    assert.equal(answer.status, 200);
    await answer.text();
    asked.push(answer.headers.get("x-request-id")!);
  }
  for (const id of asked) {
    const record = await waitFor(`the record of ${id}`, async () => {
      await app.services.requestLog.flush();
      const response = await owner.fetch(`/api/requests/${id}`);
      const record = await response.json();
      return response.status === 200 && record;
    });
    assert.ok(record.bodies.request.includes("Hello"));
  }
  await untilListed(owner.fetch, "?type=data.read", 1);
  // Whatever comes after it in the log came after it in time, so nothing else is on its way.
  const file = await owner.fetch("/api/audit/export");
  await file.body?.cancel();
  await untilListed(owner.fetch, "?type=data.exported", 1);
  const { items } = await listed(owner.fetch, "?type=data.read");
  assert.deepEqual(items.map(({ subject }) => subject), [asked[1]]);
  assert.equal(items[0].details.owner, memberId);
  assert.equal(items[0].details.kind, "request");
});

Deno.test("data.deleted: a thread that someone deletes, and answers that an admin purges, are recorded", async () => {
  await using app = await startApp();
  const made = await app.post("/api/threads", { title: "Private words" });
  const { id } = await made.json();
  const deleted = await app.fetch(`/api/threads/${id}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(deleted.status, 204);
  const purged = await app.post("/api/cache/purge", { all: true });
  assert.equal(purged.status, 200, await purged.text());
  const entries = await untilListed(app.fetch, "?type=data.deleted", 2);
  assert.deepEqual(
    entries.map(({ subject, details }) => [subject, details.kind]),
    [["cache", "kept answers"], [id, "thread"]],
  );
  assert.equal(entries[1].actor?.user, entries[0].actor?.user);
  assert.ok(!JSON.stringify(entries).includes("Private words"));
});
