import { relative } from "node:path";
import type { FreshProject } from "./project.ts";
import { describeDiagnostic } from "./import_checks.ts";

/** What Deno can import as it is, besides modules without a file. */
const RUNNABLE = /^\0|\.(?:[mc]?[jt]s|[jt]sx|json|wasm)(?:$|\?)/;

/**
 * Fails when an island imports, statically and over any number of modules, a file that Vite knows and
 * Deno does not, such as a style sheet: the server imports islands from their sources.
 *
 * @param importsOf modules that a module imports statically
 * @throws Error that names the file and the way to it
 */
export function checkServerModules(
  project: FreshProject,
  islands: string[],
  importsOf: (id: string) => readonly string[],
): void {
  const seen = new Set<string>();
  const visit = (id: string, chain: string[]): void => {
    if (seen.has(id) || id.includes("/node_modules/")) return;
    seen.add(id);
    if (!RUNNABLE.test(id)) {
      const name = (path: string) => relative(project.options.root, path);
      throw new Error(describeDiagnostic(
        {
          type: "error",
          message: `The server cannot import "${name(id)}"`,
          description:
            "Import style sheets in client.ts, or with import() when they are needed; put other files into the static folder",
        },
        chain.map(name),
      ));
    }
    for (const imported of importsOf(id)) visit(imported, [id, ...chain]);
  };
  for (const island of islands) visit(island, []);
}
