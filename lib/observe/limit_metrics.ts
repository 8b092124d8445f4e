/** What limits have refused. */
import type { Limits } from "@/lib/limits/limits.ts";
import type { Metrics, Sample } from "./metrics.ts";

/** Registers it. */
export function measureLimits(
  { metrics, limits }: { metrics: Metrics; limits: Pick<Limits, "refused"> },
): void {
  metrics.readCounter(
    "freshet_limit_refusals_total",
    "Requests that a limit has refused, by what it limits and whom it is for",
    function* (): Iterable<Sample> {
      for (const [name, count] of limits.refused) {
        yield [name.split(" "), count];
      }
    },
    ["limit", "subject"],
  );
}
