/**
 * The quality gate: format, lint, types, build, tests; the same for people and for CI. Ends with one
 * plain line, `N passed, N failed`, and exits with 1 when anything failed.
 *
 * `deno task test` runs all of it; `deno task test:unit` only the tests beside the modules.
 */
import { ensureChromium } from "./ensure_chromium.ts";
import { walkFiles } from "./walk_files.ts";

interface Step {
  name: string;
  args: string[];
}

const CHECKED = ["."];

const STEPS: Step[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint", "--quiet"] },
  { name: "types", args: ["check", "--quiet", ...CHECKED] },
  { name: "build", args: ["task", "build"] },
];

/** Tests that wait for browsers and processes more than they compute: they run beside all others. */
const BESIDE = ["tests/browser/", "tests/faults/"];

/** Where the tests beside the modules are. */
const UNIT = ["lib", "components", "islands"];

/** What Deno takes for a file of tests. */
const TEST_FILE = /(?:^|[/_.])test\.tsx?$/;

/** Files of one run of Deno: few of those that take long, so that both lanes end at about the same time. */
const FILES_AT_A_TIME = { beside: 5, others: 50 };

const TEST_PERMISSIONS = ["-A", "--unstable-kv"];

/** Counts of Deno's closing line, for example `ok | 12 passed (3 steps) | 0 failed (4s)`. */
function countTests(output: string): { passed: number; failed: number } {
  const counts = { passed: 0, failed: 0 };
  // deno-lint-ignore no-control-regex -- colours of the terminal
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  for (
    const match of plain.matchAll(
      /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm,
    )
  ) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
  }
  return counts;
}

/** What Deno prints before the tests of each file. */
// deno-lint-ignore no-control-regex -- colours of the terminal
const NEXT_FILE = /^(?:\x1b\[[0-9;]*m)*running \d+ tests? from /;

/**
 * Runs deno, shows what it prints and returns it too. What is printed comes in pieces that belong together,
 * one for each file of tests, so that two that run at a time can be read.
 */
async function runDeno(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ success: boolean; output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  let piece: string[] = [];
  const flush = async () => {
    const text = new TextEncoder().encode(piece.join(""));
    piece = [];
    for (let at = 0; at < text.length;) {
      at += await Deno.stdout.write(text.subarray(at));
    }
  };
  const read = async (stream: ReadableStream<Uint8Array>) => {
    let rest = "";
    const take = async (line: string) => {
      lines.push(line);
      if (NEXT_FILE.test(line)) await flush();
      piece.push(line);
    };
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const text = rest + decoder.decode(chunk, { stream: true });
      const parts = text.split("\n");
      rest = parts.pop()!;
      for (const part of parts) await take(`${part}\n`);
    }
    if (rest !== "") await take(`${rest}\n`);
  };
  const [status] = await Promise.all([
    child.status,
    read(child.stdout),
    read(child.stderr),
  ]);
  await flush();
  return { success: status.success, output: lines.join("") };
}

function say(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

function inPieces(files: readonly string[], size: number): string[][] {
  const pieces: string[][] = [];
  for (let at = 0; at < files.length; at += size) {
    pieces.push(files.slice(at, at + size));
  }
  return pieces;
}

/**
 * Runs the tests in two lanes. Each has pieces of its own, and takes the last of the other's when it has
 * none left.
 */
async function runTests(
  env: Record<string, string>,
): Promise<{ success: boolean; output: string }[]> {
  const files = (await Array.fromAsync(walkFiles("."))).filter((path) =>
    TEST_FILE.test(path)
  );
  const isBeside = (path: string) =>
    BESIDE.some((folder) => path.startsWith(folder));
  const lanes = [
    inPieces(files.filter(isBeside), FILES_AT_A_TIME.beside),
    inPieces(
      files.filter((path) => !isBeside(path)),
      FILES_AT_A_TIME.others,
    ),
  ];
  const ends: { success: boolean; output: string }[] = [];
  await Promise.all(lanes.map(async (own, lane) => {
    const others = lanes[1 - lane];
    for (let piece; (piece = own.shift() ?? others.pop());) {
      ends.push(
        await runDeno(
          ["test", ...TEST_PERMISSIONS, "--no-check", ...piece],
          env,
        ),
      );
    }
  }));
  return ends;
}

/** Runs the gate; returns whether everything passed. */
async function main(paths: string[]): Promise<boolean> {
  const total = { passed: 0, failed: 0 };
  const unitOnly = paths.includes("--unit");
  for (const step of unitOnly ? [] : STEPS) {
    const startedAtMs = performance.now();
    const { success } = await runDeno(step.args);
    if (success) total.passed += 1;
    else total.failed += 1;
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    say(`${success ? "ok" : "FAILED"}: ${step.name} (${seconds} s)`);
    // Without a build the tests would only fail for want of it.
    if (!success && step.name === "build") return report(total);
  }
  const chromium = unitOnly ? null : await ensureChromium();
  const env: Record<string, string> = chromium === null
    ? {}
    : { CHROMIUM_PATH: chromium };
  const startedAtMs = performance.now();
  const ends = unitOnly
    ? [
      await runDeno(["test", ...TEST_PERMISSIONS, "--no-check", ...UNIT], env),
    ]
    : await runTests(env);
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  const isWhole = ends.every(({ success }) => success);
  say(`${isWhole ? "ok" : "FAILED"}: tests (${seconds} s)`);
  for (const { success, output } of ends) {
    const counts = countTests(output);
    total.passed += counts.passed;
    total.failed += counts.failed;
    if (!success && counts.failed === 0) total.failed += 1;
    if (success && counts.passed === 0) {
      say("No test ran");
      total.failed += 1;
    }
  }
  return report(total);
}

function report(total: { passed: number; failed: number }): boolean {
  say(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args) ? 0 : 1);
