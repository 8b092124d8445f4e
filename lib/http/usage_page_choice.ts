/** Reads what a page of usage is to show from its address. */
import { AppError } from "@/lib/errors.ts";
import {
  NONE,
  USAGE_GROUPS,
  USAGE_MEASURES,
  USAGE_RANGES,
  USAGE_SORTS,
  type UsageChoice,
  type UsageFilters,
} from "@/lib/shared/usage/usage_choice.ts";
import { readZone } from "./viewer_zone.ts";

/** Values of one dimension. */
const MAX_VALUES = 20;
const MAX_VALUE_CHARACTERS = 256;
/** Pages of the table of all groups. */
const MAX_PAGE = 1_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
/** Before it nothing was counted, and calendars of zones differ. */
const FIRST_YEAR = 2000;

/** What the viewer had chosen before, where the address says nothing. */
export interface ChoiceDefaults {
  timeZone: string;
  range: string | null;
}

/**
 * What the address asks for. What it says that makes no sense is left out, so that an old link still
 * opens; only too much of it is refused.
 * @throws {AppError} 400 `invalid_request` that names the parameter
 */
export function readUsageChoice(
  { searchParams }: URL,
  path: UsageChoice["path"],
  defaults: ChoiceDefaults,
): UsageChoice {
  const pick = <T extends string>(
    text: string | null,
    allowed: readonly T[],
  ): T | null => allowed.find((each) => each === text) ?? null;
  const zone = readZone(searchParams.get("timeZone"));
  const [fromDay, toDay] = readDays(searchParams);
  const asked = pick(searchParams.get("range"), USAGE_RANGES) ??
    (fromDay === null ? null : "custom");
  const kept = pick(defaults.range, USAGE_RANGES);
  return {
    path,
    range: asked ?? (kept === "custom" ? null : kept) ?? "30d",
    fromDay,
    toDay,
    timeZone: zone ?? defaults.timeZone,
    isZoneChosen: zone !== null,
    groupBy: pick(searchParams.get("groupBy"), USAGE_GROUPS) ?? "model",
    measure: pick(searchParams.get("measure"), USAGE_MEASURES),
    filters: readFilters(searchParams, path),
    all: readPage(searchParams.get("all")),
    sort: pick(searchParams.get("sort"), USAGE_SORTS),
  };
}

/** The days of a custom range, the earlier one first. */
function readDays(params: URLSearchParams): [string | null, string | null] {
  const from = readDay(params.get("from"));
  const to = readDay(params.get("to"));
  if (from === null || to === null) return [from ?? to, to ?? from];
  return from <= to ? [from, to] : [to, from];
}

function readDay(text: string | null): string | null {
  if (text === null || !DAY.test(text)) return null;
  try {
    const day = Temporal.PlainDate.from(text, { overflow: "reject" });
    return day.year < FIRST_YEAR ? null : text;
  } catch {
    return null;
  }
}

function readFilters(
  params: URLSearchParams,
  path: UsageChoice["path"],
): UsageFilters {
  const filters: UsageFilters = {};
  for (const group of USAGE_GROUPS) {
    // One's own page is about oneself.
    if (path === "/usage" && (group === "user" || group === "group")) continue;
    const values = [...new Set(params.getAll(group).filter(Boolean))];
    if (values.length === 0) continue;
    const isTooMuch = values.length > MAX_VALUES ||
      values.some((value) => value.length > MAX_VALUE_CHARACTERS);
    if (isTooMuch) throw tooMuch(group);
    filters[group] = values;
  }
  return filters;
}

function tooMuch(path: string): AppError {
  const message = "has too much in it";
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path} ${message}`,
    errors: [{ path, message }],
  });
}

function readPage(text: string | null): number | null {
  if (text === null) return null;
  const page = Number(text);
  return Number.isInteger(page) && page >= 1 && page <= MAX_PAGE ? page : 1;
}

/** Dimensions of which there may be no value. */
const MAY_BE_NONE = ["user", "key", "cache"];

/** The values that rows have to have, as the sums hold them. */
export function heldValues(filters: UsageFilters): UsageFilters {
  return Object.fromEntries(
    Object.entries(filters).map(([group, values]) => [
      group,
      values.map((value) => heldValue(group, value)),
    ]),
  );
}

/** A value of an address as the sums hold it. */
export function heldValue(group: string, value: string): string {
  return value === NONE && MAY_BE_NONE.includes(group) ? "" : value;
}
