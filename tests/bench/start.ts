/** What a start costs: time to the first byte of the first page, memory at rest, and script sent. */
import { startProcess } from "../support/process.ts";

const RUNS = 5;
const MEGABYTE = 1024 * 1024;

async function residentBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

async function gzipBytes(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const zipped = new Blob([bytes]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(zipped).bytes()).length;
}

/** Script that a page loads before anybody does anything: its modules and what these import. */
export async function pageScriptBytes(
  fetchPath: (path: string) => Promise<Response>,
  page: string,
): Promise<{ path: string; gzip: number }[]> {
  const response = await fetchPath(page);
  const html = await response.text();
  const queue = [
    ...html.matchAll(/["'(](\/[^"'()\s?]+\.js)/g),
    ...(response.headers.get("link") ?? "").matchAll(/<(\/[^>?]+\.js)/g),
  ].map((match) => match[1]);
  const sizes = new Map<string, number>();
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (sizes.has(path)) continue;
    const bytes = await (await fetchPath(path)).bytes();
    sizes.set(path, await gzipBytes(bytes));
    // Static imports only; `import(` loads later.
    const source = new TextDecoder().decode(bytes);
    for (
      const match of source.matchAll(
        /(?:from|import)\s*["'](\.{0,2}\/[^"']+\.js)["']/g,
      )
    ) {
      queue.push(new URL(match[1], `http://x${path}`).pathname);
    }
  }
  return [...sizes].map(([path, gzip]) => ({ path, gzip }));
}

export interface StartCosts {
  /** Median milliseconds from spawning the process to the first byte of `/`. */
  firstByteMs: number;
  /** Median resident memory at rest, in megabytes. */
  idleMegabytes: number;
  /** Gzipped kilobytes of script that `/` loads before lazy chunks. */
  scriptKilobytes: number;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Starts the built server several times on a fresh folder each. */
export async function startCosts(): Promise<StartCosts> {
  const firstByteMs: number[] = [];
  const idleMegabytes: number[] = [];
  let scriptBytes = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const dataDir = await Deno.makeTempDir({ prefix: "freshet-bench-" });
    try {
      const startedAtMs = performance.now();
      await using server = await startProcess(dataDir);
      const response = await server.fetch("/");
      firstByteMs.push(performance.now() - startedAtMs);
      await response.body?.cancel();
      if (run === 0) {
        const scripts = await pageScriptBytes(
          (path) => server.fetch(path),
          "/",
        );
        scriptBytes = scripts.reduce((sum, { gzip }) => sum + gzip, 0);
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      idleMegabytes.push(await residentBytes(server.child.pid) / MEGABYTE);
    } finally {
      await Deno.remove(dataDir, { recursive: true });
    }
  }
  return {
    firstByteMs: median(firstByteMs),
    idleMegabytes: median(idleMegabytes),
    scriptKilobytes: scriptBytes / 1_000,
  };
}
