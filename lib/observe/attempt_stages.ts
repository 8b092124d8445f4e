/** The stages of asking a provider, out of what routing tells of each try. */
import type { Stage, Stages } from "./stages.ts";

/** As much of a try as its stages need; see `AttemptInfo`. */
export interface AttemptProgress {
  /** Milliseconds until the connection was there; null before. */
  readonly connectMs: number | null;
  /** Milliseconds until the first delta; null before. */
  readonly firstTokenMs: number | null;
  readonly outcome: "running" | "completed" | "failed" | "cancelled";
  readonly error: string | null;
}

/**
 * Makes the listener for a call's tries: `provider.connect` from asking a target to its connection, then
 * `provider.first_token` to its first delta. A try that opens no connection has the first only.
 */
export function attemptStages(
  stages: Stages,
): (attempt: AttemptProgress) => void {
  const open = new WeakMap<AttemptProgress, Stage>();
  return (attempt) => {
    const { outcome, connectMs, firstTokenMs, error } = attempt;
    const stage = open.get(attempt);
    if (stage === undefined) {
      if (outcome === "running") {
        open.set(attempt, stages.begin("provider.connect"));
      }
    } else if (outcome === "failed" || outcome === "cancelled") {
      stages.end(stage, outcome, error);
    } else if (firstTokenMs !== null || outcome === "completed") {
      stages.end(stage);
    } else if (connectMs !== null && stage.name === "provider.connect") {
      stages.end(stage);
      open.set(attempt, stages.begin("provider.first_token"));
    }
  };
}
