/** Promised ratios and sizes. A busy machine may spoil one measurement, not three. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { freshOverhead } from "./fresh_overhead.ts";
import { pageScriptBytes } from "./start.ts";

const TRIES = 3;
const MAX_JSON_RATIO = 2;
const MAX_SSR_RATIO = 1.5;
const MAX_SCRIPT_KILOBYTES = 45;

Deno.test("Fresh's stand-in: a JSON route costs at most 2x bare Deno.serve, a page at most 1.5x", async () => {
  const seen: string[] = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { jsonRatio, ssrRatio, lines } = await freshOverhead();
    if (jsonRatio <= MAX_JSON_RATIO && ssrRatio <= MAX_SSR_RATIO) return;
    seen.push(...lines);
  }
  assert.fail(seen.join("\n"));
});

Deno.test("chat page: its script is at most 45 kB gzip before lazy chunks", async () => {
  await using app = await startApp();
  const scripts = await pageScriptBytes((path) => app.fetch(path), "/");
  assert.ok(scripts.length > 0, "no script was found");
  const total = scripts.reduce((sum, { gzip }) => sum + gzip, 0) / 1_000;
  const listed = scripts.map(({ path, gzip }) => `${path} ${gzip}`).join("\n");
  assert.ok(total <= MAX_SCRIPT_KILOBYTES, `${total} kB:\n${listed}`);
});
