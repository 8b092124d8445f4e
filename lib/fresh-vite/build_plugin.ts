import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { findBuildId } from "./build_id.ts";
import { generateClientEntry } from "./client_code.ts";
import { readClientOutput } from "./client_output.ts";
import { inlinePublicEnv } from "./public_env.ts";
import type { FreshProject } from "./project.ts";
import { checkServerModules } from "./server_modules.ts";
import { writeServerOutput } from "./server_output.ts";
import { CLIENT_ENTRY_ID } from "./virtual_ids.ts";

const KEEP_SIGNALS = fileURLToPath(
  new URL("./keep_signals.ts", import.meta.url),
);

/** Browser code: the client entry and the values of public variables. */
export function clientPlugin(project: FreshProject): Plugin {
  return {
    name: "fresh:client",
    // Before esbuild, which may rewrite what is looked for.
    enforce: "pre",
    async load(id) {
      if (id !== `\0${CLIENT_ENTRY_ID}`) return null;
      const { clientEntry } = project.options;
      return generateClientEntry(
        await project.hasClientEntry() ? clientEntry : null,
        project.coreSpecifier("/runtime-client"),
        this.environment.mode === "dev" ? [KEEP_SIGNALS] : [],
      );
    },
    transform(code) {
      if (this.environment.name !== "client") return null;
      const inlined = inlinePublicEnv(code, (name) => Deno.env.get(name));
      return inlined === null ? null : { code: inlined, map: null };
    },
  };
}

/** Production: writes the server half once the browser half is on disk. */
export function buildPlugin(project: FreshProject): Plugin {
  return {
    name: "fresh:build",
    apply: "build",
    async generateBundle() {
      const islands = project.islandsOf(await project.crawl())
        .map(({ source }) => source);
      checkServerModules(
        project,
        islands,
        (id) => this.getModuleInfo(id)?.importedIds ?? [],
      );
    },
    async writeBundle(_options, bundle) {
      await writeServerOutput(project, readClientOutput(bundle), {
        buildId: await findBuildId(project.options.root),
        resolveIsland: async (source) =>
          (await this.resolve(source, undefined, { isEntry: true }))?.id ??
            source,
      });
    },
  };
}
