/**
 * What it costs that every token is stored: 300 answers at 48 tokens a second, once with the log and
 * once without, side by side in one process, and how long a token takes to be durable.
 */
import { startProvider } from "./provider_process.ts";
import { quantile } from "./quantile.ts";
import type { WriteBehindReport } from "./write_behind_server.ts";

const RUNS = 300;
/** Timers of the provider are late by a tenth, so that this becomes 48 or more. */
const PACE = 53;
const WINDOW_SECONDS = 6;
const WINDOWS = 4;
/** More than any run gets to say while this lasts. */
const ANSWER_TOKENS = 10_000;

/** @throws {Error} when the measuring process fails */
export async function writeBehindCosts(): Promise<WriteBehindReport> {
  await using provider = await startProvider(ANSWER_TOKENS, PACE);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("./write_behind_server.ts", import.meta.url).pathname,
      provider.url,
      ...[RUNS, WINDOW_SECONDS, WINDOWS].map(String),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("The bench of the log failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The figures as lines to print. */
export function writeBehindLines(report: WriteBehindReport): string[] {
  const { withLog, withoutLog, durableMs, tokensPerSecond } = report;
  const on = quantile(withLog, 0.5);
  const off = quantile(withoutLog, 0.5);
  return [
    `${RUNS} runs, ${tokensPerSecond.toFixed(0)} tokens/s: ` +
    `${on.toFixed(1)} % of a core with the log, ${off.toFixed(1)} % without: ` +
    `${(on - off).toFixed(1)} points (medians of ${withLog.length} windows)`,
    `token to durable: p50 ${durableMs.p50.toFixed(0)} ms, ` +
    `p99 ${durableMs.p99.toFixed(0)} ms, ` +
    `worst ${durableMs.worst.toFixed(0)} ms ` +
    `(${report.measuredTokens} tokens)`,
  ];
}
