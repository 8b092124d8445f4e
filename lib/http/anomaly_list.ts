/** The anomalies of a workspace, as the API and the page of alerts tell of them. */
import type { AnomalyRecord } from "@/lib/anomalies/anomaly_record.ts";
import { usageLink } from "@/lib/anomalies/usage_words.ts";
import { invalidRequest } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Anomaly, AnomalyList, AnomalyPart } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { loadLabels } from "./usage_labels.ts";

const CURSOR = /^(\d{1,16})\.(anm_[0-9a-f]{22})$/;

/**
 * The latest anomalies of the caller's workspace, or those before a place.
 * @throws {AppError} 400 `invalid_request` for a cursor that is none
 */
export async function loadAnomalies(
  { caller: { workspace }, services }: State,
  { limit, cursor }: PageQuery,
  signal?: AbortSignal,
): Promise<AnomalyList> {
  const { baseline, items } = await services.usageAnomalies.list(
    workspace,
    cursor === null ? null : readCursor(cursor),
    limit + 1,
    signal,
  );
  const shown = items.slice(0, limit);
  const labelOf = await labelsOf(services, workspace, shown);
  const last = items.length > limit ? shown.at(-1) : undefined;
  return {
    items: shown.map((record) => toAnomaly(record, labelOf)),
    nextCursor: last === undefined ? null : `${last.startMs}.${last.id}`,
    baseline: baseline === null ? null : {
      version: baseline.version,
      fittedAt: time(baseline.fittedMs),
      from: time(baseline.fromMs),
      to: time(baseline.toMs),
      series: baseline.series,
    },
  };
}

function readCursor(cursor: string) {
  const [, startMs, id] = CURSOR.exec(cursor) ?? [];
  if (id === undefined) throw invalidRequest("cursor", "is no place in a list");
  return { startMs: Number(startMs), id };
}

type LabelOf = (part: Pick<AnomalyPart, "dimension" | "key">) => string | null;

async function labelsOf(
  services: State["services"],
  workspace: string,
  records: readonly AnomalyRecord[],
): Promise<LabelOf> {
  const parts = records.flatMap((record) => [record, ...partsOf(record.also)]);
  const keysOf = (dimension: string) => [
    ...new Set(
      parts.filter((part) => part.dimension === dimension)
        .map(({ key }) => key),
    ),
  ];
  const [user, key] = await Promise.all([
    loadLabels(services, workspace, "user", keysOf("user")),
    loadLabels(services, workspace, "key", keysOf("key")),
  ]);
  return (part) => {
    switch (part.dimension) {
      case "user":
        return user(part.key);
      case "key":
        return key(part.key);
      case "model":
        return part.key;
      case "all":
        return "the workspace";
    }
  };
}

/** Parts out of `user:usr_…` and the like. */
function partsOf(ids: readonly string[]) {
  return ids.map((id) => {
    const colon = id.indexOf(":");
    return {
      dimension: id.slice(0, colon) as AnomalyPart["dimension"],
      key: id.slice(colon + 1),
    };
  });
}

function toAnomaly(record: AnomalyRecord, labelOf: LabelOf): Anomaly {
  const { id, dimension, key, metric, direction, value, expected } = record;
  return {
    id,
    dimension,
    key,
    label: labelOf(record),
    metric,
    direction,
    value,
    expected,
    score: record.score,
    reason: record.reason,
    also: partsOf(record.also).map((part) => ({
      ...part,
      label: labelOf(part),
    })),
    startedAt: time(record.startMs),
    endedAt: record.endedMs === null ? null : time(record.endedMs),
    foundAt: time(record.foundMs),
    baseline: record.baseline,
    href: usageLink(record, record.startMs, record.lastMs),
  };
}

const time = (atMs: number) => new Date(atMs).toISOString();
