/** Figures of usage in words: what stands large, and the unit behind it. */
import { formatCount } from "@/lib/shared/format.ts";

/** A figure and its unit; the unit is "" where the figure says it. */
export interface Figure {
  figure: string;
  unit: string;
}

const MICRO_PER_USD = 1_000_000;
/** Fewer values than this tell nothing of their percentiles. */
export const LEAST_VALUES = 20;

/** Shown where there is nothing to tell. */
export const NOTHING = "–";

const CENTS = new Intl.NumberFormat("en", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

/** Micro-dollars to the cent: `$1,254.81`; what is less than a cent has two figures: `$0.0042`. */
export function formatDollars(microUsd: number): string {
  const usd = microUsd / MICRO_PER_USD;
  const sign = usd < 0 ? "−" : "";
  const size = Math.abs(usd);
  if (size > 0 && size < 0.01) return `${sign}$${smallAmount(size)}`;
  return `${sign}$${CENTS.format(size)}`;
}

function smallAmount(usd: number): string {
  const digits = Math.min(6, 1 - Math.floor(Math.log10(usd)));
  return usd.toFixed(digits).replace(/0+$/, "");
}

/** Micro-dollars as a headline: whole dollars from a hundred on. */
export function dollarFigure(microUsd: number): Figure {
  const usd = microUsd / MICRO_PER_USD;
  const figure = Math.abs(usd) >= 99.995
    ? `$${formatCount(Math.round(usd))}`
    : formatDollars(microUsd);
  return { figure, unit: "" };
}

const STEPS = [
  { from: 999.5e9, unit: "T", size: 1e12 },
  { from: 999.5e6, unit: "B", size: 1e9 },
  { from: 999.5e3, unit: "M", size: 1e6 },
  { from: 99_950, unit: "k", size: 1e3 },
] as const;

/** A large count with three figures: `41.8` `M`; below a hundred thousand as it is. */
export function countFigure(count: number): Figure {
  const step = STEPS.find(({ from }) => count >= from);
  if (step === undefined) return { figure: formatCount(count), unit: "" };
  return { figure: threeFigures(count / step.size), unit: step.unit };
}

function threeFigures(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** A count in few characters: `41.8M`. */
export function shortCount(count: number): string {
  const { figure, unit } = countFigure(count);
  return figure + unit;
}

/** Milliseconds in seconds, two decimals below ten: `1.48`; what is too little for two has three. */
export function formatSeconds(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds > 0 && seconds < 0.00995) return seconds.toFixed(3);
  return seconds >= 9.995 ? seconds.toFixed(1) : seconds.toFixed(2);
}

/** A part of a whole in percent: `0.42`, `8`, `38`; "–" of nothing. */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return NOTHING;
  const percent = part / whole * 100;
  if (percent === 0 || percent >= 9.95) return String(Math.round(percent));
  return percent >= 0.995 ? percent.toFixed(1) : percent.toFixed(2);
}

/** A share in a table: `38 %`, `< 1 %`. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return NOTHING;
  const percent = part / whole * 100;
  if (part > 0 && percent < 0.5) return "< 1 %";
  return `${Math.round(percent)} %`;
}

/** A number with its sign, a true minus among them. */
export function signed(value: number, text: string): string {
  return value === 0 ? `±${text}` : `${value > 0 ? "+" : "−"}${text}`;
}

/** How a value has changed, in percent of the one before: `+9 %`; null: there was none before. */
export function changeOf(now: number, before: number): string | null {
  if (before === 0) return null;
  const percent = Math.round((now - before) / before * 100);
  const size = Math.abs(percent);
  // What has grown a hundredfold says so better.
  if (percent >= 1_000) return `×${formatCount(Math.round(now / before))}`;
  return signed(percent, `${formatCount(size)} %`);
}
