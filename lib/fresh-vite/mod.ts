/**
 * Stand-in for `@fresh/plugin-vite`: builds and serves an app of Fresh with Vite. See README.md for
 * what it leaves out.
 *
 * ```ts
 * import { defineConfig } from "vite";
 * import { fresh } from "@fresh/plugin-vite";
 *
 * export default defineConfig({ plugins: [fresh()] });
 * ```
 */
import process from "node:process";
import { resolve } from "node:path";
import { loadEnv, type Plugin, type PluginOption } from "vite";
import prefresh from "@prefresh/vite";
import { buildPlugin, clientPlugin } from "./build_plugin.ts";
import { viteConfig } from "./config.ts";
import { devPlugin } from "./dev_plugin.ts";
import { type FreshViteOptions, resolveOptions } from "./options.ts";
import { FreshProject } from "./project.ts";
import { resolvePlugin } from "./resolve_plugin.ts";

export type {
  FreshViteOptions,
  ImportCheck,
  ImportDiagnostic,
} from "./options.ts";

/** Puts variables of `.env*` files into the environment; what is set already stays. */
function loadEnvFiles(mode: string, root: string): void {
  for (const [name, value] of Object.entries(loadEnv(mode, root, ""))) {
    if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}

/** The Vite plugins of an app of Fresh. */
export function fresh(options: FreshViteOptions = {}): PluginOption {
  return assemble(options);
}

export default fresh;

async function assemble(options: FreshViteOptions): Promise<Plugin[]> {
  // Vite reads plugins before its root is known; `vite <folder>` is not supported.
  const root = resolve(process.cwd());
  const project = await FreshProject.open(resolveOptions(options, root));
  const files = await project.crawl();
  return [
    {
      name: "fresh:config",
      config(userConfig, { mode }) {
        if (userConfig.root && resolve(userConfig.root) !== root) {
          throw new Error(
            `Start Vite in the project's folder: root is "${userConfig.root}", the current folder "${root}"`,
          );
        }
        loadEnvFiles(mode, root);
        return viteConfig(project, files);
      },
    },
    resolvePlugin(project),
    clientPlugin(project),
    buildPlugin(project),
    devPlugin(project),
    prefresh({ exclude: project.resolver.linkedFolders.map((f) => `${f}/**`) }),
  ];
}
