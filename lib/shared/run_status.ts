import type { RunStatus } from "./wire.ts";

/** Whether a run has left the states that change by themselves. */
export function isEnded(status: RunStatus): boolean {
  return status !== "queued" && status !== "running";
}
