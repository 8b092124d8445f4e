/**
 * Looks from this machine at the way to a server: whether something between collects, compresses or cuts
 * streams. `deno task doctor help` shows how.
 */
import {
  type Check,
  CHECKS,
  type DoctorReport,
} from "@/lib/shared/doctor/doctor_report.ts";
import { examine } from "@/lib/shared/doctor/examine.ts";
import { fixesFor } from "@/lib/shared/doctor/proxies.ts";

const HELP =
  `Looks at the way to a server: whether something between collects, compresses or cuts streams.

  deno task doctor [URL] [--long]

URL      the address people use; PUBLIC_URL, or this machine, unless told
--long   also two minutes of a stream

FRESHET_API_KEY is sent as the key where it is set; beyond local mode one with scope api is needed.
Ends with 0 when all is well, 1 when something is not, 2 when the server cannot be asked.`;

const LONG_MS = 120_000;
const DEADLINE_MS = 240_000;
const ASK_DEADLINE_MS = 15_000;

const MARKS: Readonly<Record<Check["status"], string>> = {
  good: "ok  ",
  unsure: "?   ",
  bad: "BAD ",
};

/** A mistake in what was typed, or a server that cannot be asked. */
class Mistake extends Error {
  override readonly name = "Mistake";
}

function addressOf(word: string | undefined): URL {
  const text = word ?? Deno.env.get("PUBLIC_URL") ??
    `http://127.0.0.1:${Deno.env.get("PORT") ?? 8000}`;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Mistake(`“${text}” is no address such as https://chat.example`);
  }
  return url;
}

/** @throws {Mistake} when the server does not answer as one */
async function assertAnswers(url: URL, headers: HeadersInit): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(new URL("/api/doctor/echo", url), {
      headers,
      signal: AbortSignal.timeout(ASK_DEADLINE_MS),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Mistake(`${url.origin} cannot be reached: ${why}`);
  }
  await answer.body?.cancel();
  if (answer.status === 401 || answer.status === 403) {
    throw new Mistake(
      `${url.origin} wants a key (status ${answer.status}): set FRESHET_API_KEY to one with scope api`,
    );
  }
  if (!answer.ok) {
    throw new Mistake(
      `${url.origin} does not answer as Freshet does: status ${answer.status}`,
    );
  }
}

async function look(url: URL, isLong: boolean): Promise<DoctorReport> {
  const key = Deno.env.get("FRESHET_API_KEY");
  const headers: Record<string, string> = key === undefined
    ? {}
    : { authorization: `Bearer ${key}` };
  await assertAnswers(url, headers);
  console.log(`Looks at ${url.origin}, for ${isLong ? "two minutes" : "12 s"}`);
  return await examine({
    fetch: (path, init) => fetch(new URL(path, url), { ...init, headers }),
    openSocket(path) {
      const address = new URL(path, url);
      address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      // Browsers, whose types these are, send no headers of one's own; Deno does.
      const options: unknown = { headers };
      return new WebSocket(address, options as string[]);
    },
    nowMs: () => performance.now(),
    onCheck: ({ id, status, text }) =>
      console.log(`${MARKS[status]}${CHECKS[id].title}: ${text}`),
    signal: AbortSignal.timeout(DEADLINE_MS),
    sizes: { longMs: isLong ? LONG_MS : 0 },
  });
}

function printFixes({ checks, proxies }: DoctorReport): void {
  for (const { title, isSeen, fixes } of fixesFor(checks, proxies)) {
    console.log(`\n${title}${isSeen ? " (seen on the way)" : ""}`);
    for (const { text, code } of fixes) {
      console.log(`  ${text}`);
      for (const line of code?.split("\n") ?? []) console.log(`    ${line}`);
    }
  }
}

if (import.meta.main) {
  const words = Deno.args.filter((word) => !word.startsWith("--"));
  const flags = Deno.args.filter((word) => word.startsWith("--"));
  const isHelp = words[0] === "help" || flags.includes("--help");
  const unknown = flags.find((flag) => !["--long", "--help"].includes(flag));
  if (isHelp) {
    console.log(HELP);
  } else {
    try {
      if (unknown !== undefined || words.length > 1) {
        throw new Mistake(`What is “${unknown ?? words[1]}”?\n\n${HELP}`);
      }
      const report = await look(addressOf(words[0]), flags.includes("--long"));
      for (const [name, value] of report.facts) {
        console.log(`    ${name}: ${value}`);
      }
      printFixes(report);
      Deno.exitCode = report.checks.some(({ status }) => status === "bad")
        ? 1
        : 0;
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      console.error(error.message);
      Deno.exitCode = 2;
    }
  }
}
