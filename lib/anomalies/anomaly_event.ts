/** What the rest of the program is told of an anomaly: never a name of anybody. */
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { AnomalyRecord } from "./anomaly_record.ts";
import { usageLink } from "./usage_words.ts";

export const ANOMALY_DETECTED = "anomaly.detected";

export function detectedEvent(record: AnomalyRecord, at: number): OutboxEvent {
  const { id, dimension, key, metric, direction, value, expected } = record;
  return {
    type: ANOMALY_DETECTED,
    at,
    subject: id,
    data: {
      anomalyId: id,
      dimension,
      key,
      metric,
      direction,
      value,
      expected,
      score: record.score,
      reason: record.reason,
      also: record.also,
      startedAt: new Date(record.startMs).toISOString(),
      href: usageLink(record, record.startMs, record.lastMs),
    },
  };
}
