import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import { SERIES_MINUTES } from "@/lib/health/health_history.ts";
import { STEP_MINUTES } from "@/lib/health/health_series.ts";
import type { HealthReading } from "@/lib/shared/wire.ts";
import { HealthReadings } from "./HealthReadings.tsx";

const READING: HealthReading = {
  id: "jobs_waiting",
  title: "Jobs that wait",
  unit: "count",
  value: 0,
  level: "good",
  limit: 50,
  process: null,
  next: null,
};

/** A day at this height. */
const DAY = new Array(SERIES_MINUTES / STEP_MINUTES).fill(25);

function render(reading: Partial<HealthReading>, line = DAY): string {
  return renderToString(
    <HealthReadings
      readings={[{ ...READING, ...reading }]}
      processes={[]}
      points={{ jobs_waiting: line }}
    />,
  );
}

/** Where the dot at the end of the line stands, in pixels from above; null: there is none. */
function dotOf(html: string): number | null {
  const found = /<circle cx="100%" cy="([\d.]+)"/.exec(html);
  return found === null ? null : Number(found[1]);
}

Deno.test("HealthReadings: the line ends with what is now, also when that is nothing", () => {
  const at = (value: number | null) => dotOf(render({ value }));
  assert.equal(at(null), null);
  assert.ok(at(0)! > at(25)!);
  assert.ok(at(25)! > at(50)!);
});

Deno.test("HealthReadings: well or not is said in words, and what is not well leads to what to do", () => {
  assert.match(render({}), /Well, below 50/);
  const wrong = render({ value: 80, level: "warning", next: "See which." });
  assert.match(wrong, /Above 50/);
  assert.match(wrong, /href="#finding-jobs_waiting"/);
  assert.match(render({ value: null, level: "unknown" }), /No number yet/);
});

Deno.test("HealthReadings: the line is told in words, also when nothing is known", () => {
  assert.match(
    render({ value: 40 }),
    /aria-label="Jobs that wait in the last 24 hours: 25 to 40"/,
  );
  const empty = render({ value: null }, DAY.map(() => null));
  assert.match(empty, /aria-label="Jobs that wait: nothing is known yet"/);
});

Deno.test("HealthReadings: a gauge that no group knows is shown all the same", () => {
  const html = render({ id: "tide", title: "Tide" });
  assert.match(html, /More/);
  assert.match(html, /Tide/);
});
