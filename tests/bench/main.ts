/**
 * `deno task bench`: every measured figure of the project, printed as lines for docs/performance.md.
 * Ratios compare both sides in one run; absolute figures describe the machine they were taken on.
 *
 * Arguments choose parts: fresh, start, transport, runs, live, log, search, limits, usage, load. Those
 * behind `load` choose parts of that: cost, memory, many, first, whole, cached, waiting, followers,
 * overload. With `usage`, `--rows=10000000` tells how many rows, and `--folder=` where the store with
 * them is kept for another time.
 */
import { documentCosts, documentLines } from "./documents.ts";
import { fileCosts, fileLines } from "./files.ts";
import { freshOverhead } from "./fresh_overhead.ts";
import { liveEventTimes } from "./live_events.ts";
import { jobCosts, jobLines } from "./jobs.ts";
import { liveRunTimes } from "./live_runs.ts";
import { limitCosts, limitLines } from "./limits.ts";
import { loadCosts } from "./load/load.ts";
import { spread } from "./quantile.ts";
import { requestCosts, requestLines } from "./requests.ts";
import { searchCosts, searchLines } from "./search.ts";
import { startCosts } from "./start.ts";
import { transportCosts } from "./transport.ts";
import { usageCosts } from "./usage.ts";
import { writeBehindCosts, writeBehindLines } from "./write_behind.ts";

function say(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

/** Parts that were asked for by name, else all. */
function isWanted(part: string): boolean {
  return Deno.args.length === 0 || Deno.args.includes(part);
}

const { version, build } = Deno;
say(
  `Deno ${version.deno}, V8 ${version.v8}, ${build.os} ${build.arch}, ${navigator.hardwareConcurrency} cores`,
);

if (isWanted("fresh")) {
  say("\n# Fresh's stand-in beside bare Deno.serve");
  const overhead = await freshOverhead();
  overhead.lines.forEach(say);
}

if (isWanted("documents")) {
  say("\n# A large document");
  documentLines(await documentCosts()).forEach(say);
}

if (isWanted("files")) {
  say("\n# A large upload");
  fileLines(await fileCosts()).forEach(say);
}

if (isWanted("start")) {
  say("\n# Start of the built app");
  const { firstByteMs, idleMegabytes, scriptKilobytes } = await startCosts();
  say(
    `spawning the process to the first byte of /: ${
      firstByteMs.toFixed(0)
    } ms (median of 5)`,
  );
  say(`resident memory at rest: ${idleMegabytes.toFixed(0)} MB (median of 5)`);
  say(`script of / before lazy chunks: ${scriptKilobytes.toFixed(1)} kB gzip`);
}

if (isWanted("transport")) {
  say("\n# One chunk of a token stream, CPU");
  const transport = await transportCosts();
  for (
    const [name, microseconds] of Object.entries(transport.microsecondsPerChunk)
  ) {
    say(`${name}: ${microseconds.toFixed(1)} µs`);
  }
  say(
    `lean transport over the openai package's stream: ${
      transport.leanToSdk.toFixed(2)
    }`,
  );
  say(
    `lean transport over a fetch body read by default: ${
      transport.leanToFetch.toFixed(2)
    }`,
  );
}

if (isWanted("runs")) {
  say("\n# Coming back to a running answer, and stopping it");
  const { reattach, reattachElsewhere, stop } = await liveRunTimes();
  say(`first missed event, same process: ${spread(reattach, 0.95)}`);
  say(`first missed event, other process: ${spread(reattachElsewhere, 0.95)}`);
  say(`Stop to the provider's socket closed: ${spread(stop, 0.95)}`);
}

if (isWanted("live")) {
  say("\n# From an event to those who listen");
  const { here, elsewhere, megabytesPerSocket } = await liveEventTimes();
  say(`500 sockets of the same process: ${spread(here, 0.99)}`);
  say(`50 sockets of another process: ${spread(elsewhere, 0.99)}`);
  say(`memory of a socket: ${(megabytesPerSocket * 1_024).toFixed(0)} kB`);
}

if (isWanted("log")) {
  say("\n# The log of running answers");
  writeBehindLines(await writeBehindCosts()).forEach(say);
}

if (isWanted("search")) {
  say("\n# Search over 10,000 threads");
  searchLines(await searchCosts()).forEach(say);
}

if (isWanted("limits")) {
  say("\n# The checks of limits and budgets");
  limitLines(await limitCosts()).forEach(say);
}

if (isWanted("jobs")) {
  say("\n# The queue of jobs");
  jobLines(await jobCosts()).forEach(say);
}

if (isWanted("usage")) {
  say("\n# Usage");
  const valueOf = (name: string) =>
    Deno.args.find((each) => each.startsWith(`--${name}=`))
      ?.slice(name.length + 3) ?? null;
  await usageCosts({
    rows: Number(valueOf("rows") ?? 1_000_000),
    folder: valueOf("folder"),
  }, say);
}

if (isWanted("requests")) {
  say("\n# Requests looked for among a million");
  requestLines(await requestCosts()).forEach(say);
}

if (isWanted("load")) {
  say("\n# The gateway under load, beside its peers");
  const at = Deno.args.indexOf("load");
  await loadCosts(at === -1 ? [] : Deno.args.slice(at + 1), say);
}
