import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { UsageSpeed } from "./UsageSpeed.tsx";

Deno.test("UsageSpeed: few milliseconds have a scale on which each step says something else", () => {
  const ttftMs = { n: 40, p50: 3, p95: 4.5, p99: 9 };
  const moments = ["10:00", "11:00"].map((label) => ({
    place: { label, title: label },
    numbers: { ttftMs },
  }));
  // Only what the chart is made of matters here.
  const view = { moments, totals: { ttftMs }, unit: "hour" };
  const html = renderToString(
    <UsageSpeed view={view as unknown as UsagePageView} />,
  );
  const texts = html.matchAll(/<text[^>]*>([\d.]+ s)</g);
  const ticks = [...texts].map(([, text]) => text);
  assert.ok(ticks.length > 2, html);
  assert.equal(new Set(ticks).size, ticks.length, String(ticks));
  assert.match(html, /0\.003 s/);
});
