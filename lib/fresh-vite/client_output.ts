import type { Rollup } from "vite";
import { CLIENT_ENTRY_ID } from "./virtual_ids.ts";

/** An entry of the browser build. URL paths start with "/" and leave out the base path. */
export interface ClientChunk {
  url: string;
  css: string[];
}

/** What the browser build wrote. */
export interface ClientOutput {
  clientEntry: ClientChunk;
  /** By resolved module id. */
  entries: Map<string, ClientChunk>;
  /** File names below the output folder. */
  fileNames: string[];
}

/** Style sheets of a chunk and of all chunks it imports statically. */
function styleSheetsOf(
  chunk: Rollup.OutputChunk,
  bundle: Rollup.OutputBundle,
  seen = new Set<string>(),
): string[] {
  if (seen.has(chunk.fileName)) return [];
  seen.add(chunk.fileName);
  const imported = chunk.imports.flatMap((fileName) => {
    const next = bundle[fileName];
    return next?.type === "chunk" ? styleSheetsOf(next, bundle, seen) : [];
  });
  return [
    ...new Set([...imported, ...(chunk.viteMetadata?.importedCss ?? [])]),
  ];
}

/** Reads the entries out of what Rollup generated. */
export function readClientOutput(bundle: Rollup.OutputBundle): ClientOutput {
  const entries = new Map<string, ClientChunk>();
  for (const file of Object.values(bundle)) {
    if (file.type !== "chunk" || !file.isEntry) continue;
    entries.set(file.facadeModuleId ?? file.fileName, {
      url: `/${file.fileName}`,
      css: styleSheetsOf(file, bundle).map((name) => `/${name}`),
    });
  }
  const clientEntry = entries.get(`\0${CLIENT_ENTRY_ID}`);
  if (clientEntry === undefined) {
    throw new Error(`The build has no chunk for "${CLIENT_ENTRY_ID}"`);
  }
  for (const chunk of entries.values()) {
    if (chunk === clientEntry) continue;
    chunk.css = chunk.css.filter((url) => !clientEntry.css.includes(url));
  }
  return { clientEntry, entries, fileNames: Object.keys(bundle) };
}
