/** Reads the import graph of the project from its sources. */
import { walkFiles } from "@/scripts/walk_files.ts";

export interface Import {
  /** Path of the importing file, from the project's root. */
  from: string;
  /** Path of the imported file, or the bare specifier of a package. */
  to: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

/** Every import of every source file below the given folders; type-only imports count too. */
export async function readImports(folders: string[]): Promise<Import[]> {
  const imports: Import[] = [];
  for (const folder of folders) {
    for await (
      const from of walkFiles(folder, { extensions: [".ts", ".tsx"] })
    ) {
      const source = await Deno.readTextFile(from);
      for (const match of source.matchAll(IMPORT)) {
        imports.push({
          from,
          to: resolve(from, match[1] ?? match[2] ?? match[3]),
        });
      }
    }
  }
  return imports;
}
