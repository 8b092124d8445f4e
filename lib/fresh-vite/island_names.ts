import { relative } from "node:path";

/** An island module before its exports are known. */
export interface IslandModule {
  /** Absolute path, or the specifier of an island from elsewhere. */
  source: string;
  /** Unique name for its default export and its browser chunk: an identifier. */
  name: string;
}

function toIdentifier(text: string): string {
  const words = text.split(/[^A-Za-z0-9_$]+/).filter((word) => word !== "");
  const name = words.map((word, index) =>
    index === 0 ? word : word[0].toUpperCase() + word.slice(1)
  ).join("");
  return /^[A-Za-z_$]/.test(name) ? name : `_${name}`;
}

/**
 * Names island modules after their files, with their folders below `islandsDir` where two would be
 * the same. `my-counter.tsx` becomes `myCounter`.
 */
export function nameIslands(
  sources: string[],
  islandsDir: string,
): IslandModule[] {
  const taken = new Set<string>();
  return sources.map((source) => {
    const inside = relative(islandsDir, source);
    const isFile = source.startsWith("/");
    const path = (isFile && !inside.startsWith("..") ? inside : source)
      .replace(/\.(?:tsx|jsx|ts|js)$/, "");
    const lastPart = path.split("/").pop() ?? path;
    const base = toIdentifier(
      inside.startsWith("..") || !isFile ? lastPart : path,
    );
    let name = base;
    for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return { source, name };
  });
}
