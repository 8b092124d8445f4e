/** The services that tell how the processes of the store do. */
import { Gauges } from "./gauges.ts";
import { HealthFeed } from "./health_feed.ts";
import { HealthHistory } from "./health_history.ts";
import { HealthRecorder, type RecorderParts } from "./health_recorder.ts";

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
  parts: Omit<RecorderParts, "gauges">,
): HealthServices {
  const { store, health } = parts;
  const gauges = new Gauges();
  const healthRecorder = new HealthRecorder({ ...parts, gauges });
  const healthHistory = new HealthHistory(store, healthRecorder);
  const healthFeed = new HealthFeed({
    gauges,
    history: healthHistory,
    health,
    clock: store.clock,
  });
  return { gauges, healthRecorder, healthHistory, healthFeed };
}
