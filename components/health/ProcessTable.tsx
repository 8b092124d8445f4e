import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatReading } from "@/lib/shared/health/health_words.ts";
import type { HealthProcess, HealthReading } from "@/lib/shared/wire.ts";

/** Gauges that a process is told apart by, each with the head of its column. */
const COLUMNS: readonly [id: string, head: string][] = [
  ["event_loop_lag_ms", "Lag"],
  ["memory_bytes", "Memory"],
  ["cpu_ratio", "CPU"],
  ["streams_active", "Answers"],
  ["jobs_running", "Jobs"],
];

/** Processes that have ended are shown up to here. */
const MOST_ENDED = 5;
const BUILD_CHARACTERS = 8;

export interface ProcessTableProps {
  processes: readonly HealthProcess[];
  readings: readonly HealthReading[];
  /** The process that the page is about; null: all of them. */
  process: string | null;
  nowMs: number;
}

/** Says that the page is about one process, and leads back to all of them. */
export function OneProcess(
  { processes, process }: Pick<ProcessTableProps, "processes" | "process">,
): VNode | null {
  const shown = processes.find(({ id }) => id === process);
  if (shown === undefined) return null;
  return (
    <div class="callout health-one" data-kind="info">
      <Icon name="gauge" />
      <p>
        The readings are those of process <span class="mono">{shown.name}</span>
        {" "}
        alone
        {shown.state !== "up" && ", as it told them last"}.{" "}
        <a href="/admin/health">Show all processes</a>
      </p>
    </div>
  );
}

/** Every process of the last 24 hours, those that are gone among them. */
export function ProcessTable(
  { processes, readings, process: about, nowMs }: ProcessTableProps,
): VNode {
  const ended = processes.filter(({ state }) => state === "ended");
  const hidden = new Set(ended.slice(MOST_ENDED));
  const shown = processes.filter((process) => !hidden.has(process));
  return (
    <>
      <div class="table-wrap" tabIndex={0} role="region" aria-label="Processes">
        <table class="table table-stack health-processes">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">State</th>
              {COLUMNS.map(([id, head]) => (
                <th scope="col" class="num" key={id}>{head}</th>
              ))}
              <th scope="col">Build</th>
              <th scope="col">Began</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((process) => (
              <tr key={process.id} data-state={process.state}>
                <th scope="row">
                  <a
                    class="mono"
                    href={`?process=${encodeURIComponent(process.id)}`}
                    aria-current={process.id === about ? "page" : undefined}
                  >
                    {process.name}
                  </a>
                  {process.isHere && (
                    <span class="badge">answered this page</span>
                  )}
                </th>
                <td data-label="State">
                  <ProcessState process={process} nowMs={nowMs} />
                </td>
                {COLUMNS.map(([id, head]) => (
                  <td class="num" key={id} data-label={head}>
                    {process.state === "up"
                      ? formatGauge(readings, id, process)
                      : "–"}
                  </td>
                ))}
                <td data-label="Build" class="mono">
                  {process.build?.slice(0, BUILD_CHARACTERS) ?? "–"}
                </td>
                <td data-label="Began">
                  <Moment at={process.startedAt} nowMs={nowMs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {hidden.size > 0 && (
        <p class="hint">
          {hidden.size} more ended in good order within the last 24 hours.
        </p>
      )}
    </>
  );
}

function formatGauge(
  readings: readonly HealthReading[],
  id: string,
  { gauges }: HealthProcess,
): string {
  const reading = readings.find((each) => each.id === id);
  return reading === undefined
    ? "–"
    : formatReading(reading, gauges[id] ?? null);
}

function isWithinMinute(at: string, nowMs: number): boolean {
  return nowMs - Date.parse(at) < 60_000;
}

function ProcessState(
  { process, nowMs }: { process: HealthProcess; nowMs: number },
): VNode {
  const { state, unready, seenAt, endedAt } = process;
  if (state === "ended") {
    return (
      <span class="status">
        <Icon name="stop" small />
        <span class="soft">
          Ended <Moment at={endedAt} nowMs={nowMs} />
        </span>
      </span>
    );
  }
  if (state === "gone") {
    return (
      <span class="status" data-state="bad">
        <Icon name="alert" small />
        <span>
          Gone, heard of {isWithinMinute(seenAt, nowMs)
            ? "less than a minute ago"
            : <Moment at={seenAt} nowMs={nowMs} />}
        </span>
      </span>
    );
  }
  return unready.length > 0
    ? (
      <span class="status" data-state="bad">
        <Icon name="alert" small />
        Takes no new work
      </span>
    )
    : (
      <span class="status" data-state="good">
        <Icon name="check" small />
        Up
      </span>
    );
}
