/** Projects and tags over HTTP: what is answered, and what is refused. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type { Page, Project, Tag } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";

async function problem(response: Response, status: number, code: string) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(JSON.parse(text).code, code, text);
  return JSON.parse(text);
}

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

function change(
  app: TestApp,
  method: "PATCH" | "DELETE",
  path: string,
  ifMatch: string | null,
  body?: unknown,
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch !== null) headers["if-match"] = ifMatch;
  return app.fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

async function newProject(app: TestApp, body: unknown): Promise<Project> {
  return await json(await app.post("/api/projects", body), 201);
}

Deno.test("projects: one is made, read, listed, changed and deleted", async () => {
  await using app = await startApp();
  const response = await app.post("/api/projects", { name: "  River  " });
  assert.equal(response.headers.get("etag"), '"1"');
  const path = response.headers.get("location")!;
  const project = await json<Project>(response, 201);
  assert.equal(path, `/api/projects/${project.id}`);
  assert.match(project.id, /^prj_[0-9A-Za-z]{22}$/);
  assert.deepEqual(project, {
    id: project.id,
    name: "River",
    color: "blue",
    systemPrompt: "",
    defaultModel: null,
    createdAt: project.createdAt,
    updatedAt: project.createdAt,
    version: 1,
  });
  const changed = await change(app, "PATCH", path, '"1"', {
    name: "Gauges",
    color: "#0EA5E9",
    systemPrompt: "Answer in metres.",
  });
  assert.equal(changed.headers.get("etag"), '"2"');
  const after = await json<Project>(changed);
  assert.equal(after.color, "#0ea5e9");
  assert.deepEqual(await json(await app.fetch(path)), after);
  assert.deepEqual(
    (await json<Page<Project>>(await app.fetch("/api/projects"))).items,
    [after],
  );
  const gone = await change(app, "DELETE", path, '"2"');
  assert.equal(gone.status, 204);
  await problem(await app.fetch(path), 404, "not_found");
  const back = await json<Project>(await app.post(`${path}/restore`, {}));
  assert.deepEqual([back.name, back.version], ["Gauges", 3]);
});

Deno.test("projects: two may have the same name", async () => {
  await using app = await startApp();
  const [a, b] = await Promise.all([
    newProject(app, { name: "Same" }),
    newProject(app, { name: "Same" }),
  ]);
  assert.notEqual(a.id, b.id);
});

Deno.test("projects: wrong fields are named", async () => {
  await using app = await startApp();
  for (
    const [body, path] of [
      [{}, "name"],
      [{ name: "" }, "name"],
      [{ name: "   " }, "name"],
      [{ name: "n".repeat(101) }, "name"],
      [{ name: 7 }, "name"],
      [{ name: "a", color: "sea" }, "color"],
      [{ name: "a", color: "#12345" }, "color"],
      [{ name: "a", color: "red;background:url(x)" }, "color"],
      [{ name: "a", systemPrompt: "s".repeat(20_001) }, "systemPrompt"],
      [{ name: "a", defaultModel: "" }, "defaultModel"],
      [{ name: "a", version: 7 }, ""],
    ] as const
  ) {
    const { errors } = await problem(
      await app.post("/api/projects", body),
      400,
      "invalid_request",
    );
    assert.equal(errors[0].path, path, JSON.stringify(body));
  }
  await problem(
    await app.post("/api/projects", { name: "a", defaultModel: "no/such" }),
    404,
    "model_not_found",
  );
  const { items } = await json<Page<Project>>(await app.fetch("/api/projects"));
  assert.deepEqual(items, []);
});

Deno.test("projects: the longest prompt fits, in any script", async () => {
  await using app = await startApp();
  const systemPrompt = "水".repeat(20_000);
  const project = await newProject(app, {
    name: "水".repeat(100),
    systemPrompt,
  });
  const path = `/api/projects/${project.id}`;
  assert.equal(
    (await json<Project>(await app.fetch(path))).systemPrompt,
    systemPrompt,
  );
});

Deno.test("projects: a change needs the version it is made from", async () => {
  await using app = await startApp();
  const { id } = await newProject(app, { name: "a" });
  const path = `/api/projects/${id}`;
  const patch = (ifMatch: string | null, name: string) =>
    change(app, "PATCH", path, ifMatch, { name });
  await problem(await patch(null, "b"), 428, "precondition_required");
  await problem(await patch('"7"', "b"), 412, "precondition_failed");
  const answers = await Promise.all([patch('"1"', "b"), patch('"1"', "c")]);
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 412]);
  for (const answer of answers) await answer.body?.cancel();
  const forced = await json<Project>(await patch("*", "d"));
  assert.deepEqual([forced.name, forced.version], ["d", 3]);
  await problem(
    await change(app, "DELETE", path, null),
    428,
    "precondition_required",
  );
  await problem(
    await change(app, "DELETE", path, '"1"'),
    412,
    "precondition_failed",
  );
  await problem(
    await change(app, "PATCH", `/api/projects/${newId("prj")}`, "*", {}),
    404,
    "not_found",
  );
});

Deno.test("projects: the same Idempotency-Key and body make one project", async () => {
  await using app = await startApp();
  const send = (name: string, key = "k") =>
    app.post("/api/projects", { name }, { "idempotency-key": key });
  const [first, second] = await Promise.all([send("a"), send("a")]);
  assert.deepEqual(
    await json<Project>(first, 201),
    await json<Project>(second, 201),
  );
  await problem(await send("b"), 422, "idempotency_key_reused");
  await problem(await send("a", "k".repeat(256)), 400, "invalid_request");
  const { items } = await json<Page<Project>>(await app.fetch("/api/projects"));
  assert.equal(items.length, 1);
});

Deno.test("projects: pages hold each project once", async () => {
  await using app = await startApp();
  for (let n = 0; n < 7; n += 1) await newProject(app, { name: `p${n}` });
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page: Page<Project> = await json(
      await app.fetch(`/api/projects?limit=3${query}`),
    );
    names.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(names, ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
  for (const query of ["limit=0", "limit=201", "cursor=x", "cursor=thr_1"]) {
    await problem(
      await app.fetch(`/api/projects?${query}`),
      400,
      "invalid_request",
    );
  }
});

Deno.test("tags: one is made once whatever its case, listed by name, and deleted", async () => {
  await using app = await startApp();
  const made = await app.post("/api/tags", { name: " #Field  work/2 50% #c " });
  const path = made.headers.get("location")!;
  const tag = await json<Tag>(made, 201);
  assert.equal(tag.name, "Field work/2 50% #c");
  const again = await app.post("/api/tags", { name: "FIELD WORK/2 50% #C" });
  assert.deepEqual(await json<Tag>(again, 200), tag);
  assert.deepEqual(await json<Tag>(await app.fetch(path)), tag);
  await json(await app.post("/api/tags", { name: "alpha" }), 201);
  const first = await json<Page<Tag>>(await app.fetch("/api/tags?limit=1"));
  assert.deepEqual(first.items.map(({ name }) => name), ["alpha"]);
  const rest = await json<Page<Tag>>(
    await app.fetch(
      `/api/tags?limit=1&cursor=${encodeURIComponent(first.nextCursor!)}`,
    ),
  );
  assert.deepEqual([rest.items, rest.nextCursor], [[tag], null]);
  assert.equal((await app.fetch(path, { method: "DELETE" })).status, 204);
  await problem(
    await app.fetch(path, { method: "DELETE" }),
    404,
    "not_found",
  );
});

Deno.test("tags: names that are none are refused", async () => {
  await using app = await startApp();
  for (
    const name of ["", " # ", "a,b", "a\nb", "a\u0000b", "t".repeat(51), 7]
  ) {
    await problem(
      await app.post("/api/tags", { name }),
      400,
      "invalid_request",
    );
  }
  await problem(await app.fetch("/api/tags?cursor=A"), 400, "invalid_request");
  for (const name of ["none", "%00", "%ff", "t".repeat(3_000)]) {
    await problem(await app.fetch(`/api/tags/${name}`), 404, "not_found");
  }
});

Deno.test("tags: the same Idempotency-Key gives the same answer, another name is refused", async () => {
  await using app = await startApp();
  const send = (name: string) =>
    app.post("/api/tags", { name }, { "idempotency-key": "k" });
  const first = await json<Tag>(await send("a"), 201);
  assert.deepEqual(await json<Tag>(await send("a"), 201), first);
  await problem(await send("b"), 422, "idempotency_key_reused");
});
