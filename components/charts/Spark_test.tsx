import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import { Spark } from "./Spark.tsx";

const pathsOf = (points: (number | null)[]) =>
  [
    ...renderToString(<Spark points={points} label="Flow" />)
      .matchAll(/<path[^>]* d="([^"]*)"/g),
  ].map(([, path]) => path);

Deno.test("Spark: what has no value is a gap in the line, not a zero", () => {
  const [, line] = pathsOf([4, 4, null, 2, 4]);
  assert.equal(line, "M0 2L25 2M75 14L100 2");
});

Deno.test("Spark: a value without neighbours can be seen", () => {
  const [, line] = pathsOf([null, 3, null]);
  assert.equal(line, "M49.4 2L50.6 2");
});

Deno.test("Spark: of nothing, of zeros and of one value it draws numbers only", () => {
  for (const points of [[], [null], [0], [0, 0, 0], [7], [-3, 2]]) {
    const html = renderToString(<Spark points={points} label="" />);
    assert.doesNotMatch(html, /NaN|Infinity|undefined/);
  }
});

Deno.test("Spark: a peak among thousands of points is still drawn", () => {
  const points = Array.from(
    { length: 5_000 },
    (_, place) => place === 3_333 ? 90 : 1,
  );
  const [, line] = pathsOf(points);
  assert.ok(line.includes(" 2L"), line.slice(0, 200));
  assert.ok(line.length < 2_000, `${line.length} characters`);
});

Deno.test("Spark: a name makes it a picture, none hides it from assistive technology", () => {
  const named = renderToString(<Spark points={[1, 2]} label="Flow today" />);
  assert.match(named, /role="img" aria-label="Flow today"/);
  const bare = renderToString(<Spark points={[1, 2]} label="" />);
  assert.match(bare, /aria-hidden="true"/);
});
