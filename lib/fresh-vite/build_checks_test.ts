/** Apps that cannot be built, and what the build says about them. */
import assert from "node:assert/strict";
import { build, MAIN, viteConfigWith, withApp } from "./build_testing.ts";

Deno.test("vite build: a server module in an island ends it and names the way there", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    "islands/Wrong.tsx":
      'import { read } from "../lib/read.ts";\nexport default () => <p>{read()}</p>;',
    "lib/read.ts":
      'import { statSync } from "node:fs";\nexport const read = () => String(statSync("."));',
  }, async (folder) => {
    const { success, output } = await build(folder);
    assert.equal(success, false);
    assert.match(
      output,
      /An island imports "node:fs", which only exists on the server/,
    );
    assert.match(output, /imported by lib\/read\.ts/);
    assert.match(output, /imported by islands\/Wrong\.tsx/);
  }));

Deno.test("vite build: an island that imports the server framework is told what to import", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    "islands/Wrong.tsx":
      'import { App } from "fresh";\nexport default () => <p>{App.name}</p>;',
  }, async (folder) => {
    const { success, output } = await build(folder);
    assert.equal(success, false);
    assert.match(output, /Import from "fresh\/runtime" instead/);
  }));

Deno.test("vite build: a style sheet imported by an island ends it", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    "islands/Styled.tsx":
      'import { name } from "../lib/name.ts";\nexport default () => <p>{name}</p>;',
    "lib/name.ts": 'import "./name.css";\nexport const name = "x";',
    "lib/name.css": ".name { color: red }",
  }, async (folder) => {
    const { success, output } = await build(folder);
    assert.equal(success, false);
    assert.match(output, /"lib\/name\.css"/);
    assert.match(output, /imported by lib\/name\.ts/);
    assert.match(output, /imported by islands\/Styled\.tsx/);
    assert.match(output, /client\.ts/);
  }));

Deno.test("vite build: names a server entry that is missing", () =>
  withApp({ "vite.config.ts": viteConfigWith("") }, async (folder) => {
    const { success, output } = await build(folder);
    assert.equal(success, false);
    assert.match(output, /server entry ".*\/main\.ts" does not exist/);
  }));

Deno.test("checkImports: judges imports and files of browser code", () =>
  withApp({
    "vite.config.ts": viteConfigWith(`{
      checkImports: [(id, environment) => {
        if (environment === "client" && id.endsWith("/secret.ts")) {
          return { type: "error", message: "Secrets stay on the server" };
        }
      }],
    }`),
    "main.ts": MAIN,
    "islands/Wrong.tsx":
      'import { secret } from "../lib/secret.ts";\nexport default () => <p>{secret}</p>;',
    "lib/secret.ts": 'export const secret = "s";',
  }, async (folder) => {
    const { success, output } = await build(folder);
    assert.equal(success, false);
    assert.match(output, /Secrets stay on the server/);
    assert.match(output, /imported by islands\/Wrong\.tsx/);
  }));
