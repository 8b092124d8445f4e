import assert from "node:assert/strict";
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import { MAX_JSON_BYTES, readJson } from "./body.ts";

const schema = z.strictObject({
  name: z.string(),
  deep: z.unknown().optional(),
});

function post(
  body: BodyInit | null,
  headers: Record<string, string> = { "content-type": "application/json" },
) {
  return readJson(
    new Request("http://x/", { method: "POST", body, headers }),
    schema,
  );
}

async function refused(
  body: BodyInit | null,
  headers?: Record<string, string>,
): Promise<AppError> {
  try {
    await post(body, headers);
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
