/**
 * `deno task build`: Vite's build, with a build id of our own. Fresh takes the id from the host, from CI
 * or from git; outside a git repository it is empty, and over uncommitted changes it stays the same, so
 * browsers would keep old files for a year. The hash of the sources is neither.
 */
import { sourcePaths } from "./sources.ts";

/** Variables by which a host or CI gives an id. */
const GIVEN = [
  "DENO_DEPLOYMENT_ID",
  "DENO_DEPLOY_BUILD_ID",
  "GITHUB_SHA",
  "CI_COMMIT_SHA",
];

const ID_BYTES = 16;

/** The first half of the SHA-256 over paths and contents of all sources, in hexadecimal. */
export async function hashSources(): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  for await (const path of sourcePaths()) {
    const content = await Deno.readFile(path);
    const digest = await crypto.subtle.digest("SHA-256", content);
    parts.push(encoder.encode(path), new Uint8Array(digest));
  }
  const all = await new Blob(parts).bytes();
  const digest = await crypto.subtle.digest("SHA-256", all);
  return new Uint8Array(digest, 0, ID_BYTES).toHex();
}

async function build(): Promise<number> {
  const isGiven = GIVEN.some((name) => Boolean(Deno.env.get(name)));
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "vite", "build"],
    env: isGiven ? {} : { DENO_DEPLOYMENT_ID: await hashSources() },
  }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await build());
