/** Steps of scales that people read at a glance. */

/** A value on a scale and what it is called. */
export interface Tick {
  value: number;
  label: string;
}

/** 1, 2, 2.5 or 5 times a power of ten, not below a step that would do. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor =
    [1, 2, 2.5, 5, 10].find((each) => each * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/**
 * Values from 0 up in even steps, the last one not below the largest of what is shown.
 * @param steps how many there are to be, about
 * @param isWhole whether parts of one make no sense
 */
export function niceScale(
  largest: number,
  steps: number,
  isWhole = false,
): number[] {
  const top = largest > 0 && Number.isFinite(largest) ? largest : 1;
  const wanted = niceStep(top / steps);
  const step = isWhole ? Math.max(1, Math.ceil(wanted)) : wanted;
  const count = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from(
    { length: count + 1 },
    // Steps such as 0.1 do not add up to what they stand for.
    (_, index) => Number((index * step).toPrecision(12)),
  );
}

/** Places at even distances that get a label, so that there are about so many of them. */
export function labelledPlaces(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, each) => each);
  const step = Math.ceil(count / most);
  const first = Math.floor((count - 1) % step / 2);
  return Array.from(
    { length: Math.ceil((count - first) / step) },
    (_, index) => first + index * step,
  );
}
