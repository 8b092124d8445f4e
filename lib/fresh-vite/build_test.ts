/** Builds small apps as `vite build` does and runs what comes out. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import {
  ask,
  buildWell,
  clientFiles,
  ISLAND,
  MAIN,
  pageWith,
  PROJECT,
  run,
  viteConfigWith,
  withApp,
} from "./build_testing.ts";

Deno.test("vite build: the built app works after its folder was moved", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    "routes/index.tsx": pageWith("../islands/Island.tsx"),
    "islands/Island.tsx": ISLAND,
    "static/a b.txt": "static",
  }, async (folder) => {
    await buildWell(folder);
    const moved = `${folder}-moved`;
    await Deno.rename(folder, moved);
    try {
      const [page, file] = await ask(moved, ["/", "/a%20b.txt"]);
      assert.match(page[1], /id="island"/);
      assert.deepEqual(file, [200, "static"]);
      for await (
        const { name, isFile } of Deno.readDir(join(moved, "_fresh/server"))
      ) {
        const text = await Deno.readTextFile(
          join(moved, "_fresh/server", name),
        );
        assert.ok(isFile && !text.includes(PROJECT), name);
      }
    } finally {
      await Deno.rename(moved, folder);
    }
  }));

Deno.test("vite build: _fresh/server.js exports a fetch function and nothing else", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
  }, async (folder) => {
    await buildWell(folder);
    const { output } = await run(folder, [
      "eval",
      'const m = await import("./_fresh/server.js"); console.log(Object.keys(m), Object.keys(m.default));',
    ]);
    assert.match(output, /\[ "default" \] \[ "fetch" \]/);
  }));

Deno.test("fresh(): takes other entries and folders, in order", () =>
  withApp({
    "vite.config.ts": viteConfigWith(`{
      serverEntry: "src/server.ts",
      clientEntry: "src/browser.ts",
      islandsDir: "./src/widgets",
      routeDir: "src/pages",
      staticDir: ["public", "shared"],
      ignore: [/[\\\\/]drafts[\\\\/]/],
    }`),
    "src/server.ts": MAIN,
    "src/browser.ts": 'import "./browser.css";',
    "src/browser.css": ".from-browser-entry { color: red }",
    "src/widgets/Island.tsx": ISLAND,
    "src/pages/index.tsx": pageWith("../widgets/Island.tsx"),
    "src/pages/drafts/secret.tsx": "export default () => <p>Draft</p>;",
    "public/both.txt": "public",
    "shared/both.txt": "shared",
    "shared/own.txt": "own",
  }, async (folder) => {
    await buildWell(folder);
    const [page, draft, both, own] = await ask(folder, [
      "/",
      "/drafts/secret",
      "/both.txt",
      "/own.txt",
    ]);
    assert.match(page[1], /frsh:island:Island:0/);
    assert.equal(draft[0], 404);
    assert.deepEqual(both, [200, "public"]);
    assert.deepEqual(own, [200, "own"]);
    const sheet = (await clientFiles(folder)).find((n) => n.endsWith(".css"));
    assert.ok(sheet);
    assert.match(page[1], new RegExp(`href="/assets/${sheet}"`));
  }));

Deno.test("islandSpecifiers: make the functions of another module islands", () =>
  withApp({ "remote/Remote.tsx": ISLAND }, async (folder) => {
    const specifier = `@/${relative(PROJECT, folder)}/remote/Remote.tsx`;
    const write = async (file: string, text: string) => {
      await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
      await Deno.writeTextFile(join(folder, file), text);
    };
    await write(
      "vite.config.ts",
      viteConfigWith(JSON.stringify({ islandSpecifiers: [specifier] })),
    );
    await write("main.ts", MAIN);
    await write("routes/index.tsx", pageWith(specifier));
    await buildWell(folder);
    const [page] = await ask(folder, ["/"]);
    assert.match(page[1], /<!--frsh:island:Remote:0:/);
  }));

Deno.test("vite build: islands share Preact in one chunk, and load the rest when asked", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    "routes/index.tsx": `
      import One from "../islands/One.tsx";
      import Two from "../islands/Two.tsx";
      export default () => <div><One /><Two /></div>;
    `,
    "islands/One.tsx": `
      import { useState } from "preact/hooks";
      export default function One() {
        const [text, setText] = useState("");
        const load = async () => setText((await import("../lib/late.ts")).late);
        return <button type="button" onClick={load}>{text}</button>;
      }
    `,
    "islands/Two.tsx": `
      import { useState } from "preact/hooks";
      export default function Two() {
        return <p>{useState("two")[0]}</p>;
      }
    `,
    "lib/late.ts":
      'import "./late.css";\nexport const late = "only when asked for";',
    "lib/late.css": ".late { color: red }",
  }, async (folder) => {
    await buildWell(folder);
    const files = await clientFiles(folder);
    const textOf = (name: string) =>
      Deno.readTextFile(join(folder, "_fresh/client/assets", name));
    const holders = [];
    for (const name of files.filter((name) => name.endsWith(".js"))) {
      const text = await textOf(name);
      assert.doesNotMatch(text, /sourceMappingURL/);
      if (text.includes("__html")) holders.push(name);
      if (text.includes("only when asked for")) {
        assert.match(name, /^late-/);
      }
    }
    assert.equal(holders.length, 1, "Preact is in one file");
    assert.match(holders[0], /^client-entry-/);
    assert.ok(files.some((name) => /^late-.*\.css$/.test(name)));
    const [page] = await ask(folder, ["/"]);
    assert.match(page[1], /frsh:island:Two:1:/);
  }));

Deno.test("vite build: .env files give public variables, the environment goes first", () =>
  withApp({
    "vite.config.ts": viteConfigWith(""),
    "main.ts": MAIN,
    ".env": "FRESH_PUBLIC_A=from the file\nFRESH_PUBLIC_B=from the file\n",
    "islands/Env.tsx": `
      export default () => (
        <p>
          {Deno.env.get("FRESH_PUBLIC_A")} {Deno.env.get("FRESH_PUBLIC_B")}
        </p>
      );
    `,
  }, async (folder) => {
    await buildWell(folder, { FRESH_PUBLIC_B: "from the process" });
    const file = (await clientFiles(folder))
      .find((name) => name.startsWith("island-Env-"));
    assert.ok(file);
    const text = await Deno.readTextFile(
      join(folder, "_fresh/client/assets", file),
    );
    assert.match(text, /"from the file"/);
    assert.match(text, /"from the process"/);
    assert.doesNotMatch(text, /Deno\.env/);
  }));
