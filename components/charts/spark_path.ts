/** Lines of charts as paths of SVG, in a box that is 100 wide. */

/** A number as it stands in a path: as short as it can be drawn. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Runs of places that have a value, first and last of each. */
function runsOf(points: readonly (number | null)[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const [place, value] of points.entries()) {
    if (value === null) continue;
    const last = runs.at(-1);
    if (last?.[1] === place - 1) last[1] = place;
    else runs.push([place, place]);
  }
  return runs;
}

/** Half the width of what stands for a value without neighbours, in percent. */
const LONE = 0.6;

/**
 * A line through values at even distances from 0 to 100, and the area under it. Where there is no value,
 * there is no line.
 * @param y where a value stands, in pixels from above
 * @param bottom of the area, in pixels from above
 */
export function linePaths(
  points: readonly (number | null)[],
  y: (value: number) => number,
  bottom: number,
): { line: string; area: string } {
  const step = 100 / Math.max(1, points.length - 1);
  let line = "";
  let area = "";
  for (const [first, last] of runsOf(points)) {
    const spots = points.slice(first, last + 1).map((value, index) => ({
      x: (first + index) * step,
      y: y(value!),
    }));
    if (first === last) {
      const [spot] = spots;
      spots.splice(
        0,
        1,
        { ...spot, x: Math.max(0, spot.x - LONE) },
        { ...spot, x: Math.min(100, spot.x + LONE) },
      );
    }
    const own = `M${
      spots.map((spot) => `${short(spot.x)} ${short(spot.y)}`).join("L")
    }`;
    line += own;
    area += `${own}L${short(spots.at(-1)!.x)} ${bottom}L${
      short(spots[0].x)
    } ${bottom}z`;
  }
  return { line, area };
}

/**
 * As many points as can be told apart in a small picture: of each stretch the largest value, so that no
 * peak is lost.
 */
export function thinOut(
  points: readonly (number | null)[],
  most: number,
): (number | null)[] {
  if (points.length <= most) return [...points];
  return Array.from({ length: most }, (_, place) => {
    const from = Math.floor(place * points.length / most);
    const to = Math.floor((place + 1) * points.length / most);
    const values = points.slice(from, to).filter((value) => value !== null);
    return values.length === 0 ? null : Math.max(...values);
  });
}
