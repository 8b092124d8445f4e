import assert from "node:assert/strict";
import { createLogger, gatherLines, type LogFields } from "./log.ts";

function capture(format: "json" | "pretty", level?: "debug" | "warn") {
  const lines: string[] = [];
  const now = () => new Date("2026-01-02T03:04:05.678Z");
  return {
    lines,
    log: createLogger({
      write: (line) => lines.push(line),
      format,
      level,
      now,
    }),
  };
}

Deno.test("createLogger: a JSON line carries time, level, message and all fields", () => {
  const { lines, log } = capture("json");
  log.with({ request: "req_1" }).info("Hello", { run: "run_1", durationMs: 3 });
  assert.deepEqual(JSON.parse(lines[0]) as LogFields, {
    time: "2026-01-02T03:04:05.678Z",
    level: "info",
    message: "Hello",
    request: "req_1",
    run: "run_1",
    durationMs: 3,
  });
});

Deno.test("createLogger: secrets never reach a line, by field name or inside a text", () => {
  const { lines, log } = capture("json");
  log.info("key sk-abcdefgh12345678 used", {
    authorization: "Bearer abcdefgh1234",
    apiKey: "xyz12345",
    error: new Error("refused frk_abcdefgh12345678", {
      cause: "Bearer abcdefgh1234",
    }),
  });
  assert.ok(!/abcdefgh|xyz12345/.test(lines[0]), lines[0]);
});

Deno.test("createLogger: secrets within objects, lists and addresses do not either", () => {
  const { lines, log } = capture("json");
  log.warn("GET /invite?token=marked-1", {
    request: {
      headers: { cookie: "marked-2", accept: "text/html" },
      url: new URL("https://user:marked-3@a.example/?code=marked-4"),
    },
    causes: [new Error("a", { cause: { sessionToken: "marked-5" } })],
    tokens: 12,
    totalTokens: [1, 2],
  });
  assert.ok(!lines[0].includes("marked"), lines[0]);
  assert.match(lines[0], /text\/html.*"tokens":12,"totalTokens":\[1,2\]/);
});

Deno.test("createLogger: lines below the level are left out", () => {
  const { lines, log } = capture("json", "warn");
  log.info("no");
  log.debug("no");
  log.warn("yes");
  assert.equal(lines.length, 1);
});

Deno.test("createLogger: a pretty line names the fields and shows a stack", () => {
  const { lines, log } = capture("pretty");
  log.error("Broken", { run: "run_1", error: new Error("inside") });
  assert.match(lines[0], /03:04:05\.678.*Broken.*run=run_1/);
  assert.match(lines[0], /\nError: inside\n/);
});

Deno.test("gatherLines: the lines of one turn are one write, in their order", async () => {
  const writes: string[] = [];
  const output = gatherLines((lines) => writes.push(lines));
  output.add("a");
  output.add("b");
  assert.deepEqual(writes, []);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setTimeout(resolve, 0));
  output.add("c");
  output.flush();
  output.flush();
  assert.deepEqual(writes, ["a\nb", "c"]);
});
