/**
 * `deno task bench`: every measured figure of the project, printed as lines for docs/performance.md.
 * Ratios compare both sides in one run; absolute figures describe the machine they were taken on.
 */
import { freshOverhead } from "./fresh_overhead.ts";
import { startCosts } from "./start.ts";
import { transportCosts } from "./transport.ts";

function say(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

const { version, build } = Deno;
say(
  `Deno ${version.deno}, V8 ${version.v8}, ${build.os} ${build.arch}, ${navigator.hardwareConcurrency} cores`,
);

say("\n# Fresh's stand-in beside bare Deno.serve");
const overhead = await freshOverhead();
overhead.lines.forEach(say);

say("\n# Start of the built app");
const start = await startCosts();
say(
  `spawning the process to the first byte of /: ${
    start.firstByteMs.toFixed(0)
  } ms (median of 5)`,
);
say(
  `resident memory at rest: ${start.idleMegabytes.toFixed(0)} MB (median of 5)`,
);
say(
  `script of / before lazy chunks: ${start.scriptKilobytes.toFixed(1)} kB gzip`,
);

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
