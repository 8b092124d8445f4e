import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "./form.ts";

const FORM = "application/x-www-form-urlencoded";
const post = (body: string, contentType = FORM) =>
  new Request("http://localhost/settings", {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
const status = (expected: number) => (error: unknown) =>
  error instanceof AppError && error.status === expected;

Deno.test("readForm: reads the fields", async () => {
  const form = await readForm(
    post("theme=dark&size=large+one", `${FORM}; charset=utf-8`),
  );
  assert.deepEqual([...form], [["theme", "dark"], ["size", "large one"]]);
});

Deno.test("readForm: refuses another content type and a form that is too large", async () => {
  await assert.rejects(readForm(post("{}", "application/json")), status(415));
  await assert.rejects(readForm(post(`a=${"x".repeat(20_000)}`)), status(413));
});

Deno.test("readForm: an empty form has no fields", async () => {
  const request = new Request("http://localhost/", {
    method: "POST",
    headers: { "content-type": FORM },
  });
  assert.equal([...await readForm(request)].length, 0);
});

Deno.test("readForm: a form that breaks off is 400", async () => {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new TypeError("The client hung up")),
  });
  const request = new Request("http://localhost/settings", {
    method: "POST",
    headers: { "content-type": FORM },
    body,
  });
  await assert.rejects(readForm(request), status(400));
});
