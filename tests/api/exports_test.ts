/** Exports by jobs: what is in the file, who gets it, and who does not. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE, programSpace } from "@/lib/shared/spaces.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { newThread } from "../support/chat_client.ts";
import { readZip } from "../support/read_zip.ts";
import { problem } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";
import { furnish, type Person, startPeople } from "./personal_data_rig.ts";

const PROGRAMS = programSpace(FIRST_WORKSPACE);

interface Made {
  text: string;
  download: { href: string; name: string; bytes: number };
}

async function begin(
  who: Person,
  kind: string,
  input: Record<string, unknown> = {},
): Promise<Job> {
  const response = await who.post("/api/jobs", { kind, input });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return JSON.parse(text);
}

function ended(who: Person, { id }: Pick<Job, "id">): Promise<Job> {
  return waitFor("the end of the job", async () => {
    const job: Job = await (await who.fetch(`/api/jobs/${id}`)).json();
    return job.finishedAt === null ? null : job;
  });
}

async function made(
  who: Person,
  kind: string,
  input: Record<string, unknown> = {},
): Promise<{ made: Made; bytes: Uint8Array<ArrayBuffer> }> {
  const job = await ended(who, await begin(who, kind, input));
  assert.equal(job.status, "completed", job.error ?? "");
  const result = job.result as Made;
  const response = await who.fetch(result.download.href);
  assert.equal(response.status, 200);
  assert.match(
    response.headers.get("content-disposition")!,
    /^attachment; filename="/,
  );
  const bytes = await response.bytes();
  assert.equal(bytes.length, result.download.bytes);
  return { made: result, bytes };
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("thread.export: a thread is a file of JSON with every branch, or of Markdown with the one on view", async () => {
  await using rig = await startPeople();
  const { threadId: thread } = await furnish(rig.ada, "Adaword");
  const json = await made(rig.ada, "thread.export", {
    threadId: thread,
    format: "json",
  });
  assert.match(json.made.download.name, /^\d{4}-\d\d-\d\d .*thr_\w+\.json$/);
  const parsed = JSON.parse(textOf(json.bytes));
  assert.equal(parsed.thread.id, thread);
  assert.equal(parsed.messages.length, 3, "a question with two answers");
  assert.ok(
    parsed.messages.some(({ content }: { content: string }) =>
      content === "Adaword ".repeat(5_000)
    ),
  );
  const markdown = await made(rig.ada, "thread.export", { threadId: thread });
  assert.match(markdown.made.download.name, /\.md$/);
  const text = textOf(markdown.bytes);
  assert.ok(text.startsWith(`# ${parsed.thread.title}\n`));
  assert.equal(text.split("## Answer").length, 2, "one branch");
});

Deno.test("thread.export: a thread of somebody else, a temporary one and none at all come to nothing", async () => {
  await using rig = await startPeople();
  const { owner, ada } = rig;
  const foreign = await newThread(owner);
  const temporary = await newThread(ada, { temporary: true });
  for (
    const threadId of [
      foreign.id,
      temporary.id,
      "thr_0000000000000000000000",
    ]
  ) {
    const job = await ended(
      ada,
      await begin(ada, "thread.export", { threadId }),
    );
    assert.equal(job.status, "dead");
    assert.match(job.error!, /gone, or a temporary one/);
    assert.equal(job.attempts.length, 1, "no further attempt can help");
  }
  for (
    const input of [{}, { threadId: "x" }, {
      threadId: foreign.id,
      format: "pdf",
    }]
  ) {
    const response = await ada.post("/api/jobs", {
      kind: "thread.export",
      input,
    });
    await problem(response, 400, "invalid_request");
  }
});

Deno.test("workspace.export: has all that one person has, and nobody else gets the file", async () => {
  await using rig = await startPeople();
  const { owner, ada } = rig;
  await furnish(ada, "Adaword");
  await furnish(owner, "Ownerword");
  const { bytes, made: { download } } = await made(ada, "workspace.export");
  const files = await readZip(bytes);
  const all = [...files.values()].join("\n");
  assert.ok(all.includes("Adaword"));
  assert.ok(!all.includes("Ownerword"));
  assert.ok(files.has("messages.jsonl"));
  await problem(await owner.fetch(download.href), 404, "not_found");
  const outside = await rig.app.fetch(download.href);
  assert.equal(outside.status, 401);
  await outside.body?.cancel();
});

Deno.test("members.export: has a folder for everyone, and takes an admin", async () => {
  await using rig = await startPeople();
  const { owner, ada } = rig;
  await furnish(ada, "Adaword");
  await furnish(owner, "Ownerword");
  const refused = await ada.post("/api/jobs", {
    kind: "members.export",
    input: {},
  });
  await problem(refused, 403, "forbidden");
  const { bytes } = await made(owner, "members.export");
  const files = await readZip(bytes);
  const of = (who: Person) => files.get(`users/${who.id}/messages.jsonl`)!;
  assert.ok(of(ada).includes("Adaword"));
  assert.ok(!of(ada).includes("Ownerword"));
  assert.ok(of(owner).includes("Ownerword"));
});

Deno.test("settings: a form begins the export and leads to its job, twice to the same one", async () => {
  await using rig = await startPeople();
  const { ada, app } = rig;
  const page = await (await ada.fetch("/settings")).text();
  assert.ok(page.includes("Export in the background"));
  assert.ok(!page.includes("Export everyone’s data"));
  const send = (action: string) =>
    ada.fetch("/settings", {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: app.url,
      },
      body: new URLSearchParams({ section: "data", action }),
    });
  const response = await send("export");
  assert.equal(response.status, 303);
  const place = response.headers.get("location")!;
  assert.match(place, /^\/jobs\/job_\w{22}$/);
  const job = await ended(ada, { id: place.slice("/jobs/".length) });
  assert.equal(job.status, "completed");
  assert.equal((await send("export-everyone")).status, 403);
});

Deno.test("exports: a file is kept for a week, and goes with the data of its owner", async () => {
  await using rig = await startPeople();
  const { ada, app } = rig;
  await furnish(ada, "Adaword");
  const { made: { download } } = await made(ada, "workspace.export");
  const id = download.href.slice("/api/files/".length);
  const space = `wsp_0000000000000000000000/${ada.id}`;
  const { createdAtMs, expiresAtMs } = await app.services.files.get(space, id);
  assert.equal(expiresAtMs! - createdAtMs, 7 * 86_400_000);
  await ada.send("DELETE", "/api/me/data", {});
  await waitFor(
    "the erasure",
    async () => await app.services.files.find(space, id) === null,
  );
});

Deno.test("erasure: what somebody gave to programs goes with their data, and nobody else's", async () => {
  await using rig = await startPeople();
  const { ada, owner, app } = rig;
  const { files } = app.services;
  const give = (user: string) =>
    files.create(
      PROGRAMS,
      { name: "a", mediaType: "text/plain", purpose: "user_data", user },
      new Response("x".repeat(100_000)).body!,
      { maxBytes: 1_000_000 },
    );
  const adas = await give(ada.id);
  const owners = await give(owner.id);
  await ada.send("DELETE", "/api/me/data", {});
  await waitFor(
    "the erasure",
    async () => await files.find(PROGRAMS, adas.id) === null,
  );
  assert.notEqual(await files.find(PROGRAMS, owners.id), null);
});
