/** The services that tell how the processes of the store do. */
import type { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { Gauges } from "./gauges.ts";
import { HealthHistory } from "./health_history.ts";
import { HealthRecorder, type RecorderParts } from "./health_recorder.ts";
import { HealthStore } from "./health_store.ts";

export interface HealthBuildParts
  extends Omit<RecorderParts, "store" | "gauges"> {
  store: Store;
  owner: Owner;
}

export interface HealthServices {
  /** How the parts of this process do at this moment. */
  gauges: Gauges;
  /** Writes it down for all to read. */
  healthRecorder: HealthRecorder;
  /** How all processes do and have done. */
  healthHistory: HealthHistory;
}

/** Builds them; gauges are added by whoever has the numbers. */
export function buildHealth(
  { store, owner, ...parts }: HealthBuildParts,
): HealthServices {
  const gauges = new Gauges();
  const rows = new HealthStore(store, owner);
  const healthRecorder = new HealthRecorder({ ...parts, store: rows, gauges });
  return {
    gauges,
    healthRecorder,
    healthHistory: new HealthHistory(rows, healthRecorder),
  };
}
