/** Backups over HTTP: who may, what is answered where there are none, ranges of a download. */
import assert from "node:assert/strict";
import { checkBackup } from "@/lib/backups/engine/store_copy.ts";
import { BACKUP_SCHEDULE_ID } from "@/lib/backups/build_backups.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { AuditEntry, Backup, Job, Page } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { waitFor } from "../support/wait.ts";

async function withStoreFile(
  work: (app: TestApp, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using app = await startApp({
      location: `${folder}/freshet.db`,
      env: { DATA_DIR: folder },
    });
    await work(app, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function done(app: TestApp, response: Response): Promise<Job> {
  assert.equal(response.status, 202);
  const { id }: Job = await response.json();
  assert.equal(response.headers.get("location"), `/api/jobs/${id}`);
  return await waitFor("the job", async () => {
    const job: Job = await (await app.fetch(`/api/jobs/${id}`)).json();
    return ["completed", "dead"].includes(job.status) ? job : null;
  }, 30_000);
}

async function list(app: TestApp): Promise<Backup[]> {
  const page: Page<Backup> = await (await app.fetch("/api/backups")).json();
  return page.items;
}

Deno.test("/api/backups: one is made, listed, checked, downloaded whole and in parts, and deleted", async () => {
  await withStoreFile(async (app, folder) => {
    const thread = await app.post("/api/threads", { title: "Levels" });
    assert.equal(thread.status, 201);
    assert.deepEqual(await list(app), []);
    const made = await done(
      app,
      await app.fetch("/api/backups", { method: "POST" }),
    );
    assert.equal(made.status, "completed", made.error ?? "");
    const [backup] = await list(app);
    assert.equal(backup.origin, "person");
    assert.equal(backup.holds?.threads, 1);
    assert.equal(backup.check, null);
    const path = `/api/backups/${backup.id}`;
    const checked = await done(
      app,
      await app.fetch(`${path}/check`, { method: "POST" }),
    );
    assert.match(JSON.stringify(checked.result), /It is whole: .* 1 thread/);
    const one: Backup = await (await app.fetch(path)).json();
    assert.deepEqual(one.check?.faults, []);
    const response = await app.fetch(`${path}/content`);
    const bytes = await response.bytes();
    assert.equal(bytes.length, backup.bytes);
    const copy = `${folder}/downloaded.db`;
    await Deno.writeFile(copy, bytes);
    assert.deepEqual(checkBackup(copy).faults, []);
    const part = await app.fetch(`${path}/content`, {
      headers: { range: "bytes=100-199" },
    });
    assert.equal(part.status, 206);
    assert.deepEqual(await part.bytes(), bytes.subarray(100, 200));
    const deleted = await app.fetch(path, { method: "DELETE" });
    assert.equal(deleted.status, 204);
    const gone = await app.fetch(path, { method: "DELETE" });
    assert.equal(gone.status, 404);
    await gone.body?.cancel();
    const told = await waitFor("the audit log", async () => {
      const { items }: Page<AuditEntry> = await (await app.fetch("/api/audit"))
        .json();
      const types = items.map(({ type }) => type);
      return types.includes("data.deleted") ? types : null;
    });
    assert.equal(told.filter((type) => type === "data.exported").length, 2);
  });
});

Deno.test("/api/backups: a name that leads elsewhere is not found", async () => {
  await withStoreFile(async (app) => {
    for (
      const id of ["..%2F..%2Ffreshet", "x", "20261121-201500-aaaa", "%00"]
    ) {
      for (const rest of ["", "/content"]) {
        const response = await app.fetch(`/api/backups/${id}${rest}`);
        assert.ok([400, 404].includes(response.status), `${id}${rest}`);
        await response.body?.cancel();
      }
    }
  });
});

Deno.test("/api/backups: a store in memory has none and says why", async () => {
  await using app = await startApp();
  assert.deepEqual(await list(app), []);
  const response = await app.fetch("/api/backups", { method: "POST" });
  assert.equal(response.status, 409);
  assert.equal((await response.json()).code, "backup_elsewhere");
  const page = await (await app.fetch("/admin/backups")).text();
  assert.match(page, /This server makes no backups/);
  const { schedules } = app.services;
  assert.equal(await schedules.has(FIRST_WORKSPACE, BACKUP_SCHEDULE_ID), false);
});

Deno.test("backups by schedule: the newest are kept, and those that people made", async () => {
  await withStoreFile(async (app) => {
    const run = async (input: object) => {
      await done(
        app,
        await app.post("/api/jobs", { kind: "backup.run", input }),
      );
    };
    await run({});
    await run({ keep: 1 });
    await run({ keep: 1 });
    const origins = (await list(app)).map(({ origin }) => origin).sort();
    assert.deepEqual(origins, ["person", "schedule"]);
    const refused = await app.post("/api/jobs", {
      kind: "backup.run",
      input: { keep: 0 },
    });
    assert.equal(refused.status, 400);
    await refused.body?.cancel();
  });
});
