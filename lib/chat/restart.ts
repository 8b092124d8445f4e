/** How often a run may be begun again, and with how many others. */
import type { RunRecord } from "./records.ts";

/** Restarts after crashes that are charged to a run, at most. */
const MAX_CHARGED = 2;
/** Planned hand-overs of a run, at most. */
const MAX_HANDOVERS = 8;
/** Nobody waits that long; the answer is kept as far as it came, for Continue. */
const RESTART_WITHIN_MS = 15 * 60_000;

/** What may become of a run whose owner is gone. */
export interface RestartBudget {
  /** Whether it may be begun again. */
  isLeft: boolean;
  /** How many may be begun together with it, itself included. */
  groupLimit: number;
  /** What its record counts from now on. */
  counts: Required<Pick<RunRecord, "crashes" | "charged" | "handovers">>;
}

/**
 * A hand-over is nobody's fault. A crash is charged to a run that was alone in flight, and to any run at
 * its second crash, so that a run which kills its process does not use up its neighbours' budgets.
 * @param isAlone whether the dead process executed nothing else
 * @param deadForMs how long ago the owner was alive
 */
export function restartOf(
  record: RunRecord,
  { isAlone, deadForMs }: { isAlone: boolean; deadForMs: number },
): RestartBudget {
  const { crashes = 0, charged = 0, handovers = 0, isHandedOver } = record;
  const isRecent = deadForMs <= RESTART_WITHIN_MS;
  if (isHandedOver) {
    const counts = { crashes, charged, handovers: handovers + 1 };
    return {
      isLeft: isRecent && counts.handovers <= MAX_HANDOVERS,
      groupLimit: Infinity,
      counts,
    };
  }
  const isCharged = isAlone || crashes + 1 === 2;
  const counts = {
    crashes: crashes + 1,
    charged: charged + (isCharged ? 1 : 0),
    handovers,
  };
  const last = record.restartGroup ?? null;
  return {
    isLeft: isRecent && counts.charged <= MAX_CHARGED,
    groupLimit: last === null ? Infinity : Math.max(1, Math.floor(last / 2)),
    counts,
  };
}
