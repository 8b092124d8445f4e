import { dirname, join, resolve } from "node:path";

/** A deno.json as far as resolution needs it. */
interface DenoConfig {
  name?: string;
  imports?: Record<string, string>;
  exports?: string | Record<string, string>;
  links?: string[];
}

/** A folder with a deno.json: the project, or a package that `links` names. */
export interface DenoPackage {
  folder: string;
  name: string;
  imports: Record<string, string>;
  /** Export path ("." or "./runtime") to absolute file. */
  exports: Map<string, string>;
}

/** Where a specifier leads: a file, or a package for node_modules to resolve. */
export type Resolution =
  | { type: "file"; path: string }
  | { type: "npm"; specifier: string };

const CONFIG_NAMES = ["deno.json", "deno.jsonc"];

async function readConfig(
  folder: string,
): Promise<DenoConfig | null> {
  for (const name of CONFIG_NAMES) {
    let text: string;
    try {
      text = await Deno.readTextFile(join(folder, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
    return JSON.parse(stripComments(text));
  }
  return null;
}

/** Removes the comments and trailing commas deno.jsonc may have, strings untouched. */
export function stripComments(text: string): string {
  return text
    .replace(
      /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_match, text?: string) => text ?? "",
    )
    .replace(
      /("(?:\\.|[^"\\])*")|,(?=\s*[\]}])/g,
      (_match, text?: string) => text ?? "",
    );
}

function toPackage(folder: string, config: DenoConfig): DenoPackage {
  const entries = typeof config.exports === "string"
    ? [[".", config.exports]]
    : Object.entries(config.exports ?? {});
  return {
    folder,
    name: config.name ?? "",
    imports: config.imports ?? {},
    exports: new Map(
      entries.map(([path, file]) => [path, resolve(folder, file)]),
    ),
  };
}

/** Splits `npm:@a/b@1.2/c` or `jsr:@a/b@^1/c` into the package name and "/c". */
export function splitSpecifier(
  specifier: string,
): { scheme: string; name: string; subpath: string } | null {
  const match = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?(\/.*)?$/
    .exec(specifier);
  return match &&
    { scheme: match[1], name: match[2], subpath: match[3] ?? "" };
}

/** Finds what `specifier` stands for in an import map; null when it has no entry. */
function lookUp(
  imports: Record<string, string>,
  specifier: string,
): string | null {
  if (Object.hasOwn(imports, specifier)) return imports[specifier];
  let best: string | null = null;
  for (const key of Object.keys(imports)) {
    // deno.json lets "x": "npm:x@1" stand for "x/sub" too.
    const isPackage = /^(?:npm|jsr):/.test(imports[key]);
    const prefix = key.endsWith("/") ? key : isPackage ? `${key}/` : null;
    if (prefix !== null && specifier.startsWith(prefix)) {
      if (best === null || key.length > best.length) best = key;
    }
  }
  if (best === null) return null;
  return imports[best] + specifier.slice(best.length);
}

/** Resolves specifiers as `deno run` would with the project's deno.json and its `links`. */
export class DenoResolver {
  /** Folder of the deno.json in charge. */
  readonly folder: string;
  readonly #project: DenoPackage;
  readonly #links: DenoPackage[];

  private constructor(project: DenoPackage, links: DenoPackage[]) {
    this.folder = project.folder;
    this.#project = project;
    this.#links = links;
  }

  /** Reads the deno.json of `root` or the closest one above it, and those of its links. */
  static async load(root: string): Promise<DenoResolver> {
    for (let folder = root;; folder = dirname(folder)) {
      const config = await readConfig(folder);
      if (config !== null) {
        const links = await Promise.all(
          (config.links ?? []).map(async (link) => {
            const linked = resolve(folder, link);
            return toPackage(linked, await readConfig(linked) ?? {});
          }),
        );
        return new DenoResolver(toPackage(folder, config), links);
      }
      if (dirname(folder) === folder) {
        throw new Error(`No deno.json in "${root}" or a folder above it`);
      }
    }
  }

  /** Folders of the linked packages. */
  get linkedFolders(): string[] {
    return this.#links.map((link) => link.folder);
  }

  /** Whether the file `path` belongs to the linked package `name`. */
  isPartOf(name: string, path: string): boolean {
    const link = this.#links.find((link) => link.name === name);
    return link !== undefined && path.startsWith(`${link.folder}/`);
  }

  /** What the project writes to import the package `name`, for example `fresh` for `@fresh/core`. */
  specifierOf(name: string): string {
    const found = Object.entries(this.#project.imports).find(([key, target]) =>
      !key.endsWith("/") && splitSpecifier(target)?.name === name &&
      splitSpecifier(target)?.subpath === ""
    );
    return found?.[0] ?? `jsr:${name}`;
  }

  /**
   * Resolves a bare, `npm:` or `jsr:` specifier; null for everything else and for names no import map
   * knows.
   *
   * @throws Error for a `jsr:` package or export that `links` does not provide
   */
  resolve(specifier: string, importer?: string): Resolution | null {
    const owner = this.#links.find((link) =>
      importer?.startsWith(`${link.folder}/`)
    );
    const target = (owner && lookUp(owner.imports, specifier)) ??
      lookUp(this.#project.imports, specifier) ?? specifier;
    const base = owner && lookUp(owner.imports, specifier) !== null
      ? owner.folder
      : this.folder;
    if (/^\.{0,2}\//.test(target) && target !== specifier) {
      return { type: "file", path: resolve(base, target) };
    }
    const parts = splitSpecifier(target);
    if (parts === null) return null;
    if (parts.scheme === "npm") {
      return { type: "npm", specifier: parts.name + parts.subpath };
    }
    const link = this.#links.find((link) => link.name === parts.name);
    const path = link?.exports.get(`.${parts.subpath}`);
    if (path === undefined) {
      throw new Error(
        link === undefined
          ? `Cannot resolve "${target}": no folder in "links" of deno.json is named "${parts.name}"`
          : `Cannot resolve "${target}": "${parts.name}" has no export ".${parts.subpath}"`,
      );
    }
    return { type: "file", path };
  }
}
