/**
 * Log lines: one JSON object a line, or coloured text on a terminal. A logger carries fields (request,
 * thread, run, stage) that every line it writes repeats, so a line can be found by any of them.
 */
import { setImmediate } from "node:timers";
import { redact } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines also carry `fields`. */
  with(fields: LogFields): Logger;
}

export interface LogOptions {
  /** Takes a finished line without its line end. */
  write: (line: string) => void;
  format: "json" | "pretty";
  /** Lines below this level are not written. */
  level?: LogLevel;
  now?: () => Date;
}

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

const COLOR: Record<LogLevel, string> = {
  debug: "\x1b[2m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};

const SECRET_FIELD =
  /authorization|api_?key|password|secret|token$|cookie|credential/i;

/** How deep the values of a field are looked through; what lies deeper is left out. */
const MAX_DEPTH = 5;

function printable(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date || value instanceof RegExp) return value;
  if (value instanceof URL) return redact(value.href);
  if (depth === MAX_DEPTH) return "…";
  if (value instanceof Error) {
    return {
      name: value.name,
      message: redact(value.message),
      stack: value.stack === undefined ? undefined : redact(value.stack),
      ...(value.cause === undefined
        ? {}
        : { cause: printable(value.cause, depth + 1) }),
    };
  }
  if (Array.isArray(value)) {
    return value.map((item) => printable(item, depth + 1));
  }
  return clean(value as LogFields, depth + 1);
}

function clean(fields: LogFields, depth = 0): LogFields {
  const out: LogFields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out[name] = SECRET_FIELD.test(name) && typeof value !== "number"
      ? "…"
      : printable(value, depth);
  }
  return out;
}

function pretty(
  time: Date,
  level: LogLevel,
  message: string,
  fields: LogFields,
): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    if (typeof value === "object" && value !== null && "stack" in value) {
      return `\n${String(value.stack)}`;
    }
    return `${name}=${
      typeof value === "string" ? value : JSON.stringify(value)
    }`;
  });
  const clock = time.toISOString().slice(11, 23);
  return `\x1b[2m${clock}\x1b[0m ${COLOR[level]}${
    level.padEnd(5)
  }\x1b[0m ${message}${
    parts.length === 0 ? "" : ` \x1b[2m${parts.join(" ")}\x1b[0m`
  }`;
}

/** Builds a logger. Values of fields that look like secrets are masked before a line is written. */
export function createLogger(
  options: LogOptions,
  fields: LogFields = {},
): Logger {
  const least = RANK[options.level ?? "info"];
  const line = (
    level: LogLevel,
    message: string,
    more: LogFields = {},
  ): void => {
    if (RANK[level] < least) return;
    const time = options.now?.() ?? new Date();
    const all = clean({ ...fields, ...more });
    options.write(
      options.format === "json"
        ? JSON.stringify({
          time: time.toISOString(),
          level,
          message: redact(message),
          ...all,
        })
        : pretty(time, level, redact(message), all),
    );
  };
  return {
    debug: (message, more) => line("debug", message, more),
    info: (message, more) => line("info", message, more),
    warn: (message, more) => line("warn", message, more),
    error: (message, more) => line("error", message, more),
    with: (more) => createLogger(options, { ...fields, ...more }),
  };
}

/**
 * Gathers the lines of one turn of the event loop, since each write holds the loop until the system has
 * it. What is gathered is written at the end of the process too.
 */
export function gatherLines(write: (lines: string) => void) {
  let lines: string[] = [];
  const flush = () => {
    if (lines.length === 0) return;
    const text = lines.join("\n");
    lines = [];
    write(text);
  };
  return {
    add(line: string): void {
      if (lines.length === 0) setImmediate(flush);
      lines.push(line);
    },
    flush,
  };
}

/** The logger of a server process: pretty on a terminal, JSON lines elsewhere, always to standard error. */
export function consoleLogger(level: LogLevel = "info"): Logger {
  // deno-lint-ignore no-console -- the one place that writes to the console
  const output = gatherLines((lines) => console.error(lines));
  globalThis.addEventListener("unload", output.flush);
  return createLogger({
    write: output.add,
    format: Deno.stderr.isTerminal() ? "pretty" : "json",
    level,
  });
}

/** A logger that writes nothing, for tests and scripts. */
export function silentLogger(): Logger {
  return createLogger({ write: () => {}, format: "json", level: "error" });
}
