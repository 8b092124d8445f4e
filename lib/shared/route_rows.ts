/** The rows of a route's form. */
import type { RouteTarget } from "./wire.ts";

/** Targets that a route may have. */
export const MAX_TARGET_ROWS = 32;

/** Empty rows behind those that are filled in. */
const SPARE_ROWS = 2;
const LEAST_ROWS = 3;

/** A row of the form, as texts. */
export interface TargetRow {
  provider: string;
  model: string;
  weight: string;
  place: string;
}

/** The rows to show: those that were typed where a form was refused, else the targets, and some to fill in. */
export function targetRows(
  targets: readonly RouteTarget[],
  typed: Readonly<Record<string, string>>,
): TargetRow[] {
  const isTyped = typed["model-0"] !== undefined;
  const filled = isTyped
    ? Array.from({ length: MAX_TARGET_ROWS }, (_, row) => ({
      provider: typed[`provider-${row}`] ?? "",
      model: typed[`model-${row}`] ?? "",
      weight: typed[`weight-${row}`] ?? "",
      place: typed[`place-${row}`] ?? "",
    })).filter(({ model }) => model.trim() !== "")
    : targets.map(({ provider, model, weight }, index) => ({
      provider,
      model,
      weight: String(weight),
      place: String(index + 1),
    }));
  const count = Math.min(
    Math.max(filled.length + SPARE_ROWS, LEAST_ROWS),
    MAX_TARGET_ROWS,
  );
  return Array.from(
    { length: count },
    (_, row) =>
      filled[row] ??
        { provider: "", model: "", weight: "1", place: String(row + 1) },
  );
}
