/** Builds small apps as `vite build` does and runs what comes out. */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import denoConfig from "../../deno.json" with { type: "json" };

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** Under the project's deno.json and no link's, which resolves the apps' imports; ignored by git. */
const SCRATCH = fileURLToPath(
  new URL("../../tests/fresh/.vite/", import.meta.url),
);
const CHILD_DEADLINE_MS = 120_000;

const VITE_CONFIG = (options: string) => `
import { defineConfig } from "vite";
import { fresh } from "@fresh/plugin-vite";
export default defineConfig({ plugins: [fresh(${options})] });
`;
const MAIN = `
import { App, staticFiles } from "fresh";
export const app = new App().use(staticFiles()).fsRoutes();
`;
const ISLAND = `
export default function Island() {
  return <p id="island">Island</p>;
}
`;
const PAGE = (island: string) => `
import Island from "${island}";
export default () => <Island />;
`;

async function withApp(
  files: Record<string, string>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  await Deno.mkdir(SCRATCH, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: SCRATCH });
  try {
    for (const [file, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
      await Deno.writeTextFile(join(folder, file), text);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  folder: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ success: boolean; output: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(CHILD_DEADLINE_MS),
  }).output();
  const decoder = new TextDecoder();
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

const build = (folder: string, env?: Record<string, string>) =>
  run(folder, ["run", "--allow-all", denoConfig.imports.vite, "build"], env);

async function buildWell(
  folder: string,
  env?: Record<string, string>,
): Promise<void> {
  const { success, output } = await build(folder, env);
  assert.ok(success, output);
}

/** Sends requests to the built app in a process of its own; gives status and text of each. */
async function ask(
  folder: string,
  paths: string[],
): Promise<Array<[number, string]>> {
  const script = `
    const server = (await import("./_fresh/server.js")).default;
    const answers = [];
    for (const path of ${JSON.stringify(paths)}) {
      const response = await server.fetch(new Request("http://app" + path));
      answers.push([response.status, await response.text()]);
    }
    console.log("ANSWERS" + JSON.stringify(answers));
  `;
  await Deno.writeTextFile(join(folder, "ask.ts"), script);
  const { output } = await run(folder, ["run", "--allow-all", "ask.ts"]);
  const answers = /^ANSWERS(.*)$/m.exec(output);
  assert.ok(answers, output);
  return JSON.parse(answers[1]);
}

const clientFiles = async (folder: string) => {
  const files = [];
  for await (
    const { name } of Deno.readDir(join(folder, "_fresh/client/assets"))
  ) {
    files.push(name);
  }
  return files;
};

Deno.test("vite build: a server module in an island ends it and names the way there", () =>
  withApp({
    "vite.config.ts": VITE_CONFIG(""),
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
    "vite.config.ts": VITE_CONFIG(""),
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
    "vite.config.ts": VITE_CONFIG(""),
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

Deno.test("checkImports: judges imports and files of browser code", () =>
  withApp({
    "vite.config.ts": VITE_CONFIG(`{
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

Deno.test("vite build: the built app works after its folder was moved", () =>
  withApp({
    "vite.config.ts": VITE_CONFIG(""),
    "main.ts": MAIN,
    "routes/index.tsx": PAGE("../islands/Island.tsx"),
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
    "vite.config.ts": VITE_CONFIG(""),
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
    "vite.config.ts": VITE_CONFIG(`{
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
    "src/pages/index.tsx": PAGE("../widgets/Island.tsx"),
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
      VITE_CONFIG(JSON.stringify({ islandSpecifiers: [specifier] })),
    );
    await write("main.ts", MAIN);
    await write("routes/index.tsx", PAGE(specifier));
    await buildWell(folder);
    const [page] = await ask(folder, ["/"]);
    assert.match(page[1], /<!--frsh:island:Remote:0:/);
  }));

Deno.test("vite build: islands share Preact in one chunk, and load the rest when asked", () =>
  withApp({
    "vite.config.ts": VITE_CONFIG(""),
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
    "vite.config.ts": VITE_CONFIG(""),
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
