import type { VNode } from "preact";
import { Spark } from "@/components/charts/Spark.tsx";
import { Icon } from "@/components/Icon.tsx";
import {
  figureOf,
  formatReading,
  groupReadings,
  verdictOf,
} from "@/lib/shared/health/health_words.ts";
import type {
  HealthProcess,
  HealthReading,
  HealthReport,
} from "@/lib/shared/wire.ts";

export interface HealthReadingsProps {
  readings: readonly HealthReading[];
  processes: readonly HealthProcess[];
  points: HealthReport["series"]["points"];
}

/** Every reading with its figure, whether it is well, and how it went for a day. */
export function HealthReadings(
  { readings, processes, points }: HealthReadingsProps,
): VNode {
  const names = new Map(processes.map(({ id, name }) => [id, name]));
  return (
    <>
      {groupReadings(readings).map((group) => (
        <section class="health-group" key={group.title}>
          <div class="section-head">
            <h2>{group.title}</h2>
            {group.note !== "" && <span class="unit">{group.note}</span>}
          </div>
          <div class="readings health-readings">
            {group.readings.map((reading) => (
              <Reading
                key={reading.id}
                reading={reading}
                process={reading.process === null
                  ? null
                  : names.get(reading.process) ?? null}
                points={[
                  // What is now takes the place of the half hour that goes on.
                  ...(points[reading.id] ?? []).slice(0, -1),
                  reading.value,
                ]}
              />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

function Reading(
  { reading, process, points }: {
    reading: HealthReading;
    /** Name of the process whose figure it is, where there are several. */
    process: string | null;
    points: readonly (number | null)[];
  },
): VNode {
  const [figure, unit] = figureOf(reading);
  return (
    <div class="reading" id={reading.id} data-level={reading.level}>
      <span class="reading-label">
        {reading.title}{" "}
        {process !== null && isWrong(reading) && (
          <span class="faint">
            in <span class="mono">{process}</span>
          </span>
        )}
      </span>
      <span class="reading-figure">
        {figure}
        {unit !== "" && <small>{unit}</small>}
      </span>
      <Verdict reading={reading} />
      <Spark
        points={points}
        label={lineWords(reading, points)}
        top={reading.limit ?? undefined}
      />
    </div>
  );
}

function isWrong({ level }: HealthReading): boolean {
  return level === "warning" || level === "critical";
}

function Verdict({ reading }: { reading: HealthReading }): VNode {
  const words = verdictOf(reading);
  const { id, level } = reading;
  if (!isWrong(reading)) {
    return (
      <span class="status" data-state={level === "good" ? "good" : undefined}>
        {level === "good" && words !== "" && <Icon name="check" small />}
        <span class="soft">{words}</span>
      </span>
    );
  }
  return (
    <span class="status" data-state={level === "critical" ? "bad" : "warn"}>
      <Icon name="alert" small />
      <span>
        {words}.{" "}
        <a href={`#finding-${id}`}>
          What to do<span class="sr">: {reading.title}</span>
        </a>
      </span>
    </span>
  );
}

/** The line of a day for those who do not see it. */
function lineWords(
  reading: HealthReading,
  points: readonly (number | null)[],
): string {
  const values = points.filter((point) => point !== null);
  if (values.length === 0) return `${reading.title}: nothing is known yet`;
  const least = formatReading(reading, Math.min(...values));
  const most = formatReading(reading, Math.max(...values));
  return `${reading.title} in the last 24 hours: ${least} to ${most}`;
}
