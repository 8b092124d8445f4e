import assert from "node:assert/strict";
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import { type JsonBodyOptions, MAX_JSON_BYTES, readJson } from "./body.ts";

const schema = z.strictObject({
  name: z.string(),
  deep: z.unknown().optional(),
});

function post(
  body: BodyInit | null,
  headers: Record<string, string> = { "content-type": "application/json" },
  options?: JsonBodyOptions,
) {
  return readJson(
    new Request("http://x/", { method: "POST", body, headers }),
    schema,
    options,
  );
}

async function refused(
  body: BodyInit | null,
  headers?: Record<string, string>,
  options?: JsonBodyOptions,
): Promise<AppError> {
  try {
    await post(body, headers, options);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "the body was accepted" });
}

Deno.test("readJson: a good body comes back parsed", async () => {
  assert.deepEqual(await post('{"name":"ä"}'), { name: "ä" });
  assert.deepEqual(
    await post('{"name":"x"}', {
      "content-type": "application/json; charset=utf-8",
    }),
    { name: "x" },
  );
});

Deno.test("readJson: another content type is 415 and named", async () => {
  const error = await refused('{"name":"x"}', { "content-type": "text/plain" });
  assert.equal(error.status, 415);
  assert.match(error.message, /text\/plain/);
});

Deno.test("readJson: another charset than UTF-8 is 415", async () => {
  for (const charset of ["utf-16", '"UTF-16"', "iso-8859-1", ""]) {
    const contentType = `application/json; charset=${charset}`;
    const error = await refused('{"name":"x"}', {
      "content-type": contentType,
    });
    assert.equal(error.status, 415, contentType);
  }
  for (const charset of ["UTF-8", '"utf-8"', "us-ascii"]) {
    const contentType = `application/json;charset=${charset}; v=1`;
    const given = await post('{"name":"x"}', { "content-type": contentType });
    assert.deepEqual(given, { name: "x" }, contentType);
  }
});

Deno.test("readJson: no body counts as {} where it is optional or says no type", async () => {
  const named = await refused("", { "content-type": "text/plain" });
  assert.equal(named.status, 415);
  for (const contentType of ["text/plain", "application/json"]) {
    const error = await refused(
      "",
      { "content-type": contentType },
      { optional: true },
    );
    assert.equal(error.errors[0].path, "name", contentType);
  }
  const untyped = new Blob([]).stream();
  assert.equal((await refused(untyped, {})).errors[0].path, "name");
  const text = new Blob(["{}"]).stream();
  assert.equal((await refused(text, {}, { optional: true })).status, 415);
});

Deno.test("readJson: a body that breaks off is 400", async () => {
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"name":'));
    },
    pull(controller) {
      controller.error(new TypeError("The client hung up"));
    },
  });
  const error = await refused(broken);
  assert.equal(error.status, 400);
  assert.equal(error.code, "body_broken_off");
});

Deno.test("readJson: bytes that are not UTF-8 are 400, not replaced", async () => {
  const bytes = new Uint8Array([
    ...new TextEncoder().encode('{"name":"'),
    0xff,
    0xfe,
    0x22,
    0x7d,
  ]);
  assert.equal((await refused(bytes)).code, "invalid_utf8");
});

Deno.test("readJson: text that is not JSON is 400", async () => {
  for (const text of ["{", "", "nope", '{"name":}']) {
    const error = await refused(text);
    assert.equal(error.status, 400, text);
    assert.equal(error.code, "invalid_json", text);
  }
});

Deno.test("readJson: a wrong field is 400 and named", async () => {
  const error = await refused('{"name":3}');
  assert.equal(error.code, "invalid_request");
  assert.equal(error.errors[0].path, "name");
  assert.equal(
    (await refused('{"name":"x","more":1}')).code,
    "invalid_request",
  );
});

Deno.test("readJson: a body beyond the limit is 413 and names the limit, said or not said in advance", async () => {
  const large = "x".repeat(MAX_JSON_BYTES + 1);
  assert.equal((await refused(large)).status, 413);
  const stream = new Blob([large]).stream();
  const error = await refused(stream);
  assert.equal(error.status, 413);
  assert.match(error.message, /25 MB/);
});

Deno.test("readJson: nesting beyond the limit is 400", async () => {
  const deep = `{"name":"x","deep":${"[".repeat(5_000)}${"]".repeat(5_000)}}`;
  assert.equal((await refused(deep)).code, "nested_too_deep");
});

Deno.test("readJson: more values than the limit are 400, and the answer stays small", async () => {
  const keys = Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`);
  const error = await refused(`{${keys.join()}}`);
  assert.equal(error.code, "too_many_values");
  assert.deepEqual(error.errors, []);
});

Deno.test("readJson: the errors it names are few and short", async () => {
  const keys = Array.from({ length: 5_000 }, (_, at) => `"k${at}😀":1`);
  const unknown = await refused(`{"name":"x",${keys.join()}}`);
  assert.ok(unknown.message.length <= 300, unknown.message);
  assert.ok(unknown.message.isWellFormed());
  assert.ok(unknown.errors[0].message.endsWith("…"));
  const list = z.array(z.string());
  const numbers = new Request("http://x/", {
    method: "POST",
    body: JSON.stringify(Array.from({ length: 1_000 }, () => 1)),
    headers: { "content-type": "application/json" },
  });
  await assert.rejects(readJson(numbers, list), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.errors.length, 20);
    return true;
  });
});

Deno.test("readJson: a route's own limit is the one that holds", async () => {
  const body = JSON.stringify({ name: "x".repeat(64_000) });
  const error = await refused(body, undefined, { maxBytes: 64_000 });
  assert.equal(error.status, 413);
  assert.match(error.message, /64 kB/);
});
