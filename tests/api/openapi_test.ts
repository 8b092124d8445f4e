/** `/openapi.json` and `/docs`: the description of the APIs says what the APIs do. */
import assert from "node:assert/strict";
import * as z from "zod";
import { ACCESS } from "@/lib/http/access.ts";
import { startApp } from "@/tests/support/app.ts";

interface Described {
  operationId: string;
  summary: string;
  parameters: { name: string; in: string; required: boolean }[];
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, unknown> };
}

/** Routes that are described: all but the pages. */
const DESCRIBED = Object.entries(ACCESS)
  .filter(([, { surface }]) => surface !== "page")
  .map(([pattern]) => pattern);

const toPath = (pattern: string) => pattern.replace(/:(\w+)\*?/g, "{$1}");

Deno.test("GET /openapi.json: holds every route of the APIs with the methods that it takes, and no other", async () => {
  await using app = await startApp();
  const document: Document = await (await app.fetch("/openapi.json")).json();
  assert.match(document.openapi, /^3\.1\./);
  const expected: string[] = [];
  for (const pattern of DESCRIBED) {
    const address = pattern.replace(/:\w+\*?/g, "some");
    const answer = await app.fetch(address, { method: "OPTIONS" });
    await answer.body?.cancel();
    const allow = answer.headers.get("allow") ?? "";
    for (const method of allow.split(", ")) {
      if (["HEAD", "OPTIONS"].includes(method)) continue;
      expected.push(`${method} ${toPath(pattern)}`);
    }
  }
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).filter((method) => method !== "head")
      .map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual(described.sort(), expected.sort());
});

Deno.test("GET /openapi.json: names each operation once, each parameter of a path, and nothing that is not there", async () => {
  await using app = await startApp();
  const text = await (await app.fetch("/openapi.json")).text();
  const document: Document = JSON.parse(text);
  const ids = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item)) {
      assert.ok(!ids.has(operation.operationId), operation.operationId);
      ids.add(operation.operationId);
      const inPath = operation.parameters.filter((each) => each.in === "path");
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      assert.deepEqual(inPath.map(({ name }) => name), names, path);
      assert.ok("default" in operation.responses, path);
    }
  }
  for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"]+)/g)) {
    const schema = document.components.schemas[decodeURIComponent(name)];
    assert.ok(schema !== undefined, `There is no schema "${name}"`);
  }
});

Deno.test("GET /openapi.json: what is answered is what it says, for a thread, a list and an error", async () => {
  await using app = await startApp();
  const document: Document = await (await app.fetch("/openapi.json")).json();
  const check = (path: string, method: string, status: string) => {
    const { content } = document.paths[path][method].responses[status];
    const { schema } = Object.values(content!)[0];
    const text = JSON.stringify({
      ...schema as object,
      $defs: document.components.schemas,
    });
    // Zod knows references into `$defs` alone.
    return z.fromJSONSchema(
      JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")),
    );
  };
  const made = await app.fetch("/api/threads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "Levels" }),
  });
  assert.equal(made.status, 201);
  check("/api/threads", "post", "201").parse(await made.json());
  const list = await (await app.fetch("/api/threads")).json();
  assert.equal(list.items.length, 1);
  check("/api/threads", "get", "200").parse(list);
  const refused = await app.fetch("/api/threads/thr_none");
  assert.equal(refused.status, 404);
  check("/api/threads/{thread}", "get", "default").parse(await refused.json());
});

Deno.test("GET /openapi.json: what can be read without an id has a status and a type that it says", async () => {
  await using app = await startApp();
  const document: Document = await (await app.fetch("/openapi.json")).json();
  const wrong: string[] = [];
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined || path.includes("{")) continue;
    const answer = await app.fetch(path);
    await answer.body?.cancel();
    const { status, headers } = answer;
    const { content } = get.responses[status] ?? get.responses.default;
    const type = headers.get("content-type")?.split(";")[0] ?? "";
    const types = Object.keys(content ?? {});
    if (types.length > 0 && !types.includes(type)) {
      wrong.push(`${path}: ${status} ${type}, and not ${types.join(", ")}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("GET /docs: leads to each guide and each operation, without a sign-in and without a dead link", async () => {
  await using app = await startApp({ env: { FRESHET_AUTH: "password" } });
  const first = await (await app.fetch("/docs")).text();
  const links = [...first.matchAll(/href="(\/docs\/[^"]+)"/g)]
    .map(([, link]) => link);
  assert.ok(links.length > 100, `only ${links.length} links`);
  const seen = new Set(links);
  for (const link of links) {
    const answer = await app.fetch(link);
    const text = await answer.text();
    assert.equal(answer.status, 200, link);
    for (const [, other] of text.matchAll(/href="(\/docs\/[^"#]+)/g)) {
      if (seen.has(other)) continue;
      seen.add(other);
      const { status } = await app.fetch(other);
      assert.equal(status, 200, `${link} leads to ${other}`);
    }
  }
  assert.equal((await app.fetch("/docs/no-such-guide")).status, 404);
  assert.equal((await app.fetch("/docs/..%2fREADME")).status, 404);
  assert.equal((await app.fetch("/docs/operations/none")).status, 404);
});
