import type { VNode } from "preact";
import { Gauge } from "@/components/Gauge.tsx";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import { formatDollars } from "@/lib/shared/usage/usage_format.ts";

export interface CacheReadingsProps {
  /** Of the workspace in the last 30 days; null: not known now. */
  usage: {
    requests: number;
    cacheHits: number;
    joined: number;
    savedMicroUsd: number;
  } | null;
  /** Of the process that answered; null: not for who looks. */
  process: {
    answers: number;
    bytes: number;
    maxBytes: number;
    hits: number;
    asked: number;
  } | null;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)}`;
}

/** What the cache has done for the workspace, and what this process holds. */
export function CacheReadings(
  { usage, process }: CacheReadingsProps,
): VNode {
  return (
    <>
      <div class="readings">
        <Reading
          label="Answered out of the cache"
          figure={usage === null
            ? "–"
            : percent(usage.cacheHits, usage.requests)}
          unit="%"
          note={usage === null
            ? "not known now"
            : `${formatCount(usage.cacheHits)} of ${
              formatPlural(usage.requests, "request")
            }, 30 days`}
        />
        <Reading
          label="Joined another’s call"
          figure={usage === null ? "–" : formatCount(usage.joined)}
          note="30 days"
        />
        <Reading
          label="Saved"
          figure={usage === null ? "–" : formatDollars(usage.savedMicroUsd)}
          note="30 days, of priced models"
        />
      </div>
      {process !== null && (
        <div class="cache-memory">
          <Gauge
            label="Memory of this process"
            value={process.maxBytes === 0
              ? "off"
              : `${formatBytes(process.bytes)} of ${
                formatBytes(process.maxBytes)
              }`}
            level={process.maxBytes === 0
              ? 0
              : process.bytes / process.maxBytes}
          />
          <p class="hint">
            {formatPlural(process.answers, "answer")} of all workspaces;{" "}
            {formatCount(process.hits)} of {formatPlural(
              process.asked,
              "question",
            )} answered out of the cache since the process began.
          </p>
        </div>
      )}
    </>
  );
}

function Reading(
  { label, figure, unit, note }: {
    label: string;
    figure: string;
    unit?: string;
    note: string;
  },
): VNode {
  return (
    <div class="reading">
      <span class="reading-label">{label}</span>
      <span class="reading-figure">
        {figure}
        {unit !== undefined && figure !== "–" && <small>{unit}</small>}
      </span>
      <span class="hint">{note}</span>
    </div>
  );
}
