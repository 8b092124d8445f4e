import { relative } from "node:path";
import type { Plugin } from "vite";
import {
  BUILT_IN_CHECKS,
  describeDiagnostic,
  runImportChecks,
} from "./import_checks.ts";
import type { DenoResolver } from "./import_map.ts";
import type { FreshProject } from "./project.ts";
import {
  CLIENT_ENTRY_ID,
  SERVER_ENTRY_ID,
  SNAPSHOT_ID,
} from "./virtual_ids.ts";

const VIRTUAL_IDS = [CLIENT_ENTRY_ID, SERVER_ENTRY_ID, SNAPSHOT_ID];
const LONGEST_CHAIN = 12;

/** Resolves imports by deno.json and judges those of browser code. */
export function resolvePlugin(project: FreshProject): Plugin {
  /** By environment: which module imported a module first. */
  const importersOf = new Map<string, Map<string, string>>();
  return {
    name: "fresh:resolve",
    enforce: "pre",
    async resolveId(source, importer, options) {
      if (VIRTUAL_IDS.includes(source)) return `\0${source}`;
      // Dependencies of npm packages are node_modules' business.
      if (importer?.includes("/node_modules/")) return null;
      const importers = importersOf.get(this.environment.name) ?? new Map();
      importersOf.set(this.environment.name, importers);
      const environment = this.environment.name === "client" ? "client" : "ssr";
      // Vite's dependency scan looks at modules the browser may never ask for.
      const isScan = "scan" in options && options.scan === true;
      const checks = [...BUILT_IN_CHECKS, ...project.options.checkImports];
      const judge = (id: string) => {
        for (const found of runImportChecks(checks, id, environment)) {
          const chain = importer === undefined
            ? []
            : importChain(importer, importers);
          const text = describeDiagnostic(
            found,
            chain.filter((id) => !id.startsWith("\0"))
              .map((id) => relative(project.options.root, id)),
          );
          if (found.type === "error") this.error(text);
          this.warn(text);
        }
      };
      if (!isScan && importer !== undefined) judge(source);
      const further = { ...options, skipSelf: true };
      const mapped = await resolveSource(
        project.resolver,
        source,
        importer,
        (specifier) =>
          this.resolve(specifier, importer ?? project.projectFile, further),
      );
      if (isScan || importer === undefined) return mapped;
      const resolved = mapped ?? await this.resolve(source, importer, further);
      const id = typeof resolved === "string" ? resolved : resolved?.id;
      if (id !== undefined && id !== source) {
        if (!importers.has(id)) importers.set(id, importer);
        judge(id);
      }
      return resolved;
    },
  };
}

async function resolveSource<Resolved>(
  resolver: DenoResolver,
  source: string,
  importer: string | undefined,
  resolvePackage: (specifier: string) => Promise<Resolved>,
): Promise<Resolved | string | null> {
  if (/^[./\0]/.test(source)) return null;
  const resolution = resolver.resolve(source, importer?.split("?")[0]);
  if (resolution === null) return null;
  if (resolution.type === "file") return resolution.path;
  return await resolvePackage(resolution.specifier);
}

/** Modules from `first` up to an entry, along the module that imported each first. */
function importChain(
  first: string,
  importers: Map<string, string>,
): string[] {
  const chain: string[] = [];
  let current: string | undefined = first;
  while (current !== undefined && !chain.includes(current)) {
    chain.push(current);
    if (chain.length === LONGEST_CHAIN) break;
    current = importers.get(current);
  }
  return chain;
}
