/** Readings of the server in words, alike on the server and in the browser. */
import { formatMetric } from "@/lib/shared/alert_words.ts";
import type { HealthReading } from "@/lib/shared/wire.ts";

const UNITS = {
  ms: "milliseconds",
  bytes: "bytes",
  ratio: "ratio",
  count: "count",
} as const;

/** A value with its unit, as alerts write it, such as `140 ms`; `–` where there is none. */
export function formatReading(
  { unit }: Pick<HealthReading, "unit">,
  value: number | null,
): string {
  return value === null ? "–" : formatMetric(UNITS[unit], value);
}

/** The figure and its unit apart, for large print. */
export function figureOf(
  reading: Pick<HealthReading, "unit" | "value">,
): [figure: string, unit: string] {
  const text = formatReading(reading, reading.value);
  const space = text.indexOf(" ");
  return space === -1
    ? [text, ""]
    : [text.slice(0, space), text.slice(space + 1)];
}

/** Why there is no number. */
const WITHOUT_NUMBER: Readonly<Record<string, string>> = {
  error_rate: "Fewer than 20 requests",
  request_p95_ms: "Fewer than 20 requests",
  kv_read_ms: "Nothing was read",
  kv_write_ms: "Nothing was written",
  store_bytes: "No file of this machine",
  cache_hit_ratio: "The cache was not asked",
};

/** Whether a reading is well, as a few words. */
export function verdictOf(
  reading: Pick<HealthReading, "id" | "level" | "limit" | "unit">,
): string {
  const { id, level, limit } = reading;
  if (level === "unknown") return WITHOUT_NUMBER[id] ?? "No number yet";
  if (level !== "good") return `Above ${formatReading(reading, limit)}`;
  return limit === null ? "" : `Well, below ${formatReading(reading, limit)}`;
}

/** Readings that belong together, in the order of the page. */
export const READING_GROUPS: readonly {
  title: string;
  note: string;
  ids: readonly string[];
}[] = [
  {
    title: "Requests and work",
    note: "Failures and times are of the last 5 minutes.",
    ids: [
      "error_rate",
      "request_p95_ms",
      "streams_active",
      "jobs_waiting",
      "jobs_running",
      "worker_busy_ratio",
    ],
  },
  {
    title: "Processes",
    note: "Of several processes the one that does worst.",
    ids: ["event_loop_lag_ms", "memory_bytes", "cpu_ratio", "event_lag"],
  },
  {
    title: "Store and cache",
    note: "Times are of the last minute, hits of the last hour.",
    ids: [
      "kv_read_ms",
      "kv_write_ms",
      "store_bytes",
      "cache_hit_ratio",
      "cache_bytes",
    ],
  },
  {
    title: "Connections",
    note: "",
    ids: ["descriptors", "upstream_sockets", "live_connections"],
  },
];

/** The readings by group; those of no group come last, under “More”. */
export function groupReadings<Reading extends { id: string }>(
  readings: readonly Reading[],
): { title: string; note: string; readings: Reading[] }[] {
  const byId = new Map(readings.map((reading) => [reading.id, reading]));
  const groups = READING_GROUPS.map(({ title, note, ids }) => ({
    title,
    note,
    readings: ids.flatMap((id) => {
      const reading = byId.get(id);
      byId.delete(id);
      return reading ?? [];
    }),
  }));
  const rest = { title: "More", note: "", readings: [...byId.values()] };
  return [...groups, rest].filter((group) => group.readings.length > 0);
}
