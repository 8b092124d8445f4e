/** For tests: small apps that are built as `vite build` does, and questions to what comes out. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import denoConfig from "../../deno.json" with { type: "json" };

/** Folder of the project. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** Under the project's deno.json and no link's, which resolves the apps' imports; ignored by git. */
const SCRATCH = fileURLToPath(
  new URL("../../tests/fresh/.vite/", import.meta.url),
);
const CHILD_DEADLINE_MS = 120_000;

/** A vite.config.ts whose plugin has these options. */
export const viteConfigWith = (options: string) => `
import { defineConfig } from "vite";
import { fresh } from "@fresh/plugin-vite";
export default defineConfig({ plugins: [fresh(${options})] });
`;
/** A main.ts with static files and file routes. */
export const MAIN = `
import { App, staticFiles } from "fresh";
export const app = new App().use(staticFiles()).fsRoutes();
`;
/** An island that shows its name. */
export const ISLAND = `
export default function Island() {
  return <p id="island">Island</p>;
}
`;
/** A page with the island from this path. */
export const pageWith = (island: string) => `
import Island from "${island}";
export default () => <Island />;
`;

/** Runs `body` in a folder with these files, which is removed afterwards. */
export async function withApp(
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

/** Runs Deno in `folder`; gives what it printed. */
export async function run(
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

/** Builds the app in `folder`, well or not. */
export const build = (folder: string, env?: Record<string, string>) =>
  run(folder, ["run", "--allow-all", denoConfig.imports.vite, "build"], env);

/** Builds the app in `folder` and fails when that fails. */
export async function buildWell(
  folder: string,
  env?: Record<string, string>,
): Promise<void> {
  const { success, output } = await build(folder, env);
  assert.ok(success, output);
}

/** Sends requests to the built app in a process of its own; gives status and text of each. */
export async function ask(
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

/** Names of the hashed browser files. */
export const clientFiles = async (folder: string) => {
  const files = [];
  for await (
    const { name } of Deno.readDir(join(folder, "_fresh/client/assets"))
  ) {
    files.push(name);
  }
  return files;
};
