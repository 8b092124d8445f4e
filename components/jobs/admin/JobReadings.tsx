import type { ComponentChildren, VNode } from "preact";
import { Spark } from "@/components/charts/Spark.tsx";
import { formatCount, formatPlural } from "@/lib/shared/format.ts";
import {
  type AdminJobsView,
  formatSpan,
  type Spread,
} from "@/lib/shared/jobs/admin_jobs.ts";

/** How the queue does, in six figures. */
export function JobReadings(
  { view, nowMs }: { view: AdminJobsView; nowMs: number },
): VNode {
  const { counts, flow, oldest, workers, filter: { hours } } = view;
  const places = workers.reduce((sum, worker) => sum + worker.places, 0);
  const span = hours === 1 ? "last hour" : `last ${hours} h`;
  return (
    <div class="readings job-readings">
      <Reading
        label="Waiting"
        figure={formatCount(counts.queued)}
        note={oldest === null
          ? "None is due"
          : `Oldest due for ${
            formatSpan(Math.max(0, nowMs - Date.parse(oldest.dueAt)))
          }`}
      />
      <Reading
        label="Running"
        figure={formatCount(counts.running)}
        note={workers.length === 0
          ? "No process does jobs"
          : `of ${formatPlural(places, "place")}`}
      />
      <Reading
        label={`Done, ${span}`}
        figure={formatCount(flow.completed)}
        note={rateText(flow.completed, hours)}
      >
        <Spark points={view.completedSeries} label="" />
      </Reading>
      <Reading
        label={`Failed, ${span}`}
        figure={formatCount(flow.dead)}
        note={`${formatCount(flow.failed)} tried again`}
      >
        <Spark points={view.failedSeries} label="" />
      </Reading>
      <Latency label="Waited" spread={flow.waitedMs} />
      <Latency label="Took" spread={flow.tookMs} />
    </div>
  );
}

function rateText(count: number, hours: number): string {
  const perHour = count / hours;
  if (perHour < 60) {
    return `${
      perHour < 9.95 ? +perHour.toFixed(1) : Math.round(perHour)
    } an hour`;
  }
  return `${formatCount(Math.round(perHour / 60))} a minute`;
}

function Latency(
  { label, spread }: { label: string; spread: Spread | null },
): VNode {
  if (spread === null) {
    return <Reading label={`${label}, median`} figure="–" note="None yet" />;
  }
  const [figure, unit] = formatSpan(spread.p50).split(" ");
  return (
    <Reading
      label={`${label}, median`}
      figure={
        <>
          {figure}
          <small>{unit}</small>
        </>
      }
      note={`95 % in ${formatSpan(spread.p95)}`}
    />
  );
}

function Reading(
  { label, figure, note, children }: {
    label: string;
    figure: ComponentChildren;
    note: string;
    children?: ComponentChildren;
  },
): VNode {
  return (
    <div class="reading">
      <span class="reading-label">{label}</span>
      <span class="reading-figure">{figure}</span>
      <span class="delta">{note}</span>
      {children}
    </div>
  );
}
