import assert from "node:assert/strict";
import { renderToString as render } from "preact-render-to-string";
import type { VNode } from "preact";
import { huesOf } from "@/lib/shared/chart_parts.ts";
import { LineChart } from "./LineChart.tsx";
import { labelledPlaces, niceScale } from "./scale.ts";
import { StackedBars } from "./StackedBars.tsx";

/** Without the spaces that stand for keys. */
const renderToString = (node: VNode) => render(node).replaceAll(/ +>/g, ">");

const PLACES = ["Mon", "Tue", "Wed"].map((title) => ({ label: title, title }));

function bars(values: (number | null)[][]) {
  return renderToString(
    <StackedBars
      title="Flow"
      unit="m³/s"
      label="Flow per day"
      places={PLACES}
      rowHead="Day"
      series={values.map((each, index) => ({
        label: `Gauge ${index}`,
        hue: index + 1,
        values: each,
      }))}
      format={(value) => `${value} m³`}
    />,
  );
}

Deno.test("niceScale: begins at zero and ends above the largest value", () => {
  assert.deepEqual(niceScale(15.25, 4), [0, 5, 10, 15, 20]);
  assert.deepEqual(niceScale(0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(niceScale(2, 4, true), [0, 1, 2]);
  for (const empty of [0, NaN, -4]) {
    assert.deepEqual(niceScale(empty, 2), [0, 0.5, 1], String(empty));
  }
});

Deno.test("labelledPlaces: never more labels than there is room for", () => {
  for (let count = 0; count < 400; count += 1) {
    const labelled = labelledPlaces(count, 8);
    assert.ok(labelled.length <= 8, `${count}: ${labelled}`);
    assert.ok(labelled.every((place) => place >= 0 && place < count));
  }
});

Deno.test("huesOf: a name keeps its colour, whatever stands beside it that comes later", () => {
  const alone = huesOf(["mistral-small"]).get("mistral-small");
  const names = ["mistral-small", "a", "b", "c", "d", "e", "f", "g", "h"];
  const all = huesOf(names);
  assert.equal(all.get("mistral-small"), alone);
  const first = names.slice(0, 8).map((name) => all.get(name));
  assert.equal(new Set(first).size, 8);
  assert.equal(all.get("h"), "other");
});

Deno.test("StackedBars: a place without records has a dash and no bar, in the picture and the table", () => {
  const html = bars([[1, null, 0], [2, null, 4]]);
  assert.equal(html.match(/class="no-record"/g)?.length, 1);
  const row = html.match(/<th scope="row">Tue<\/th>(.*?)<\/tr>/)![1];
  assert.equal(row, "<td>–</td><td>–</td><td>–</td>");
  assert.match(html, /<th scope="row">Wed<\/th><td>0 m³<\/td>/);
});

Deno.test("StackedBars: the table has the total of each place", () => {
  assert.match(
    bars([[1, 1, 1], [2, 5, 4]]),
    /Tue<\/th><td>1 m³<\/td><td>5 m³<\/td><td>6 m³<\/td>/,
  );
});

Deno.test("StackedBars: what is not known is told so in the table, and is not 0", () => {
  const html = renderToString(
    <StackedBars
      title="Cost"
      unit=""
      label="Cost"
      places={PLACES}
      rowHead="Day"
      series={[
        { label: "Known", hue: 1, values: [1, null, 3] },
        { label: "Not", hue: 2, values: [0, null, 0], instead: "unpriced" },
      ]}
      format={String}
    />,
  );
  assert.match(html, /Mon<\/th><td>1<\/td><td>unpriced<\/td><td>1<\/td>/);
  assert.match(html, /Tue<\/th><td>–<\/td><td>–<\/td><td>–<\/td>/);
});

Deno.test("StackedBars: nothing, zeros and one place are drawn with numbers only", () => {
  for (const values of [[[0, 0, 0]], [[null, null, null]], [[5, null, null]]]) {
    assert.doesNotMatch(bars(values), /NaN|Infinity|undefined/);
  }
});

Deno.test("charts: no style attribute and no script, as the policy of the pages wants it", () => {
  const html = bars([[1, 2, 3]]);
  assert.doesNotMatch(html, /style=|<script|onclick/);
});

Deno.test("StackedBars: names are text, whatever they hold", () => {
  const html = renderToString(
    <StackedBars
      title="Flow"
      unit=""
      label="Flow"
      places={PLACES}
      rowHead="Day"
      series={[{
        label: `<img src=x onerror="alert(1)">`,
        hue: 1,
        values: [1, 2, 3],
      }]}
      format={String}
    />,
  );
  assert.doesNotMatch(html, /<img/);
});

Deno.test("LineChart: percentiles of too few leave a gap, never a zero", () => {
  const html = renderToString(
    <LineChart
      title="First token"
      unit="seconds"
      label="First token per day"
      places={PLACES}
      rowHead="Day"
      series={[{ label: "p50", kind: "p50", values: [1, null, 2] }]}
      format={(value) => `${value} s`}
    />,
  );
  assert.match(html, /Tue<\/th><td>–<\/td>/);
  assert.doesNotMatch(html, /NaN|Infinity|undefined/);
});
