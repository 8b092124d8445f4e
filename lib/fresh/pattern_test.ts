/** Patterns agree with URLPattern, except for decoding. */
import assert from "node:assert/strict";
import { compilePattern } from "./pattern.ts";

const PATTERNS = [
  "/:id",
  "/a/:id",
  "/a/:id/b",
  "/a-:id",
  "/a/:id?",
  "/:rest*",
  "/a/:rest*",
  "/a/:rest+",
  "/a/*",
  "*",
  "/:a/:b?",
  "/{:id}x",
  "/a.:ext",
];
const PATHS = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/a/b/",
  "/a/b/c",
  "/a-7",
  "/a/7/b",
  "/7x",
  "/a.json",
  "/axjson",
  "//a",
];

Deno.test("compilePattern: matches what URLPattern matches", () => {
  for (const pattern of PATTERNS) {
    const match = compilePattern(pattern);
    assert.equal(typeof match, "function", pattern);
    if (typeof match === "string") return;
    const expected = new URLPattern({ pathname: pattern });
    for (const pathname of PATHS) {
      const groups = expected.exec({ pathname })?.pathname.groups;
      const params = match(pathname);
      assert.deepEqual(
        params === null ? null : { ...params },
        groups === undefined ? null : Object.fromEntries(
          Object.entries(groups).map(([name, value]) => [name, value ?? ""]),
        ),
        `"${pattern}" with "${pathname}"`,
      );
    }
  }
});

Deno.test("compilePattern: parameters are decoded as by decodeURI", () => {
  const match = compilePattern("/:id");
  assert.ok(typeof match === "function");
  assert.equal(match("/a%20%C3%A9%2F")?.id, "a é%2F");
  assert.equal(match("/%E0%A4%A")?.id, "%E0%A4%A");
});

Deno.test("compilePattern: parameters have no prototype", () => {
  const match = compilePattern("/:id");
  assert.ok(typeof match === "function");
  assert.equal(Object.getPrototypeOf(match("/a")), null);
});

Deno.test("compilePattern: a fixed path is encoded as URLs are", () => {
  assert.equal(compilePattern("/café"), "/caf%C3%A9");
  assert.equal(compilePattern("/a%20b"), "/a%20b");
});
