/** How the server does at this moment: what its processes say, put together and judged. */
import type { ReadinessCheck } from "@/lib/observe/health.ts";
import type {
  HealthFinding,
  HealthNow,
  HealthProcess,
  HealthReading,
} from "@/lib/shared/wire.ts";
import type { GaugeInfo } from "./gauges.ts";
import type { ProcessHealth } from "./health_history.ts";
import { adviceOf, type GaugeRule, limitsOf } from "./health_limits.ts";
import { judgeProcesses, processName } from "./process_verdict.ts";
import { judgeProviders, providersOf } from "./provider_health.ts";
import { together } from "./health_series.ts";

export interface NowParts {
  gauges: readonly GaugeInfo[];
  processes: readonly ProcessHealth[];
  checks: readonly ReadinessCheck[];
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
  /** Rules by which gauges are watched; the default ones unless told. */
  rules?: readonly GaugeRule[];
  /** The process whose readings are wanted alone; those of all that are up unless told. */
  process?: string | null;
}

const ORDER = { critical: 0, warning: 1 };

export function healthNow(parts: NowParts): HealthNow {
  const { gauges, processes, checks, nowMs, rules, process = null } = parts;
  const up = processes.filter(({ state }) => state === "up");
  const read = process === null
    ? up
    : processes.filter(({ id }) => id === process);
  const readings = gauges.map((gauge) => readingOf(gauge, read, rules));
  const providers = providersOf(up);
  const names = new Map(processes.map((each) => [each.id, processName(each)]));
  const findings = [
    ...judgeProcesses(processes, nowMs),
    ...gauges.map((gauge) => readingOf(gauge, up, rules))
      .flatMap((reading) => findingOf(reading, names)),
    ...judgeProviders(providers),
  ].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
  return {
    at: new Date(nowMs).toISOString(),
    level: findings[0]?.level ?? "good",
    findings,
    readings,
    processes: processes.map(toWire),
    providers,
    checks: [...checks],
  };
}

function readingOf(
  gauge: GaugeInfo,
  up: readonly ProcessHealth[],
  rules: NowParts["rules"],
): HealthReading {
  const values = up.flatMap(({ gauges }) => gauges.get(gauge.id) ?? []);
  const value = values.length === 0 ? null : together(gauge, values);
  const limits = limitsOf(gauge, rules);
  const passed = limits.findLast(({ above }) =>
    value !== null && value > above
  );
  const isApart = gauge.across === "worst" && new Set(values).size > 1;
  const worst = isApart
    ? up.find(({ gauges }) => gauges.get(gauge.id) === value)
    : undefined;
  return {
    id: gauge.id,
    title: gauge.title,
    unit: gauge.unit,
    value,
    level: value === null ? "unknown" : passed?.level ?? "good",
    limit: (passed ?? limits[0])?.above ?? null,
    process: worst?.id ?? null,
    next: passed === undefined ? null : adviceOf(gauge).next,
  };
}

function findingOf(
  reading: HealthReading,
  names: ReadonlyMap<string, string>,
): HealthFinding[] {
  const { level, process } = reading;
  if (level !== "warning" && level !== "critical") return [];
  const { trouble, next, href } = adviceOf(reading);
  const title = process === null
    ? trouble
    : `${trouble}, in process ${names.get(process)}`;
  return [{ id: reading.id, level, title, next, href }];
}

function toWire(process: ProcessHealth): HealthProcess {
  const { id, state, isHere, host, build, deno, unready, gauges } = process;
  const { startedAt, seenAt, endedAt } = process;
  return {
    id,
    name: processName(process),
    state,
    isHere,
    host,
    build,
    deno,
    startedAt: new Date(startedAt).toISOString(),
    seenAt: new Date(seenAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    unready: [...unready],
    gauges: Object.fromEntries(gauges),
  };
}
