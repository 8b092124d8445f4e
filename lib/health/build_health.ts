/** The services that tell how the processes of the store do. */
import type { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { Gauges } from "./gauges.ts";
import { HealthFeed } from "./health_feed.ts";
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
  /** The same, put together and judged. */
  healthFeed: HealthFeed;
}

/** Builds them; gauges are added by whoever has the numbers. */
export function buildHealth(
  { store, owner, ...parts }: HealthBuildParts,
): HealthServices {
  const gauges = new Gauges();
  const rows = new HealthStore(store, owner);
  const healthRecorder = new HealthRecorder({ ...parts, store: rows, gauges });
  const healthHistory = new HealthHistory(rows, healthRecorder);
  const healthFeed = new HealthFeed({
    gauges,
    history: healthHistory,
    health: parts.health,
    clock: store.clock,
  });
  return { gauges, healthRecorder, healthHistory, healthFeed };
}
