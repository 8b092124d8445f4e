/**
 * URLs of static files that change with each build, so browsers may keep the files for ever.
 *
 * Source: https://fresh.deno.dev/docs/concepts/static-files
 */
import { getBuildSnapshot } from "./snapshot.ts";

/** Query parameter that carries the build id. */
export const ASSET_CACHE_KEY = "__frsh_c";

let browserBuildId: string | null = null;

/** Tells the browser side which build the page is from. */
export function setBrowserBuildId(buildId: string): void {
  browserBuildId = buildId;
}

function buildId(): string | null {
  return getBuildSnapshot()?.buildId ?? browserBuildId;
}

/** Adds the build id to a path on this host; other URLs stay as they are. */
export function asset(path: string): string {
  const id = buildId();
  if (id === null || !path.startsWith("/") || path.startsWith("//")) {
    return path;
  }
  const hashStart = path.indexOf("#");
  const hash = hashStart === -1 ? "" : path.slice(hashStart);
  const beforeHash = hashStart === -1 ? path : path.slice(0, hashStart);
  if (/[?&]__frsh_c=/.test(beforeHash)) return path;
  const separator = beforeHash.includes("?") ? "&" : "?";
  return `${beforeHash}${separator}${ASSET_CACHE_KEY}=${
    encodeURIComponent(id)
  }${hash}`;
}

/** `asset()` for every URL of a `srcset` attribute. */
export function assetSrcSet(srcset: string): string {
  // A candidate with brackets may hold commas, which only a full parser could tell apart.
  if (srcset.includes("(")) return srcset;
  return srcset.split(",").map((candidate) => {
    const [, space, url, descriptor] = /^(\s*)(\S*)(.*)$/.exec(candidate)!;
    return space + asset(url) + descriptor;
  }).join(",");
}
