/** The services of usage: sums that are kept, and what is asked of them. */
import { Sweeper } from "@/lib/sweeper.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { UsageCheck } from "./usage_check.ts";
import { UsageFold } from "./usage_fold.ts";
import { type UsageParts as QueryParts, UsageQuery } from "./usage_query.ts";
import { UsageRollup } from "./usage_rollup.ts";
import { MINUTE_MS } from "./usage_grains.ts";
import { UsageLanes } from "./usage_lanes_store.ts";
import { UsageStore } from "./usage_store.ts";
import { UsageUpkeep } from "./usage_upkeep_store.ts";

export interface UsageBuildParts {
  store: Store;
  owner: Owner;
  log: Logger;
  groupsOf: QueryParts["groupsOf"];
}

/** Usage, from what is written into the ledger to what is told of it. */
export interface UsageServices {
  query: UsageQuery;
  fold: UsageFold;
  rollup: UsageRollup;
  check: UsageCheck;
  upkeep: UsageUpkeep;
  sweepers: readonly Sweeper[];
}

/** How often is looked for what dead processes have left, in milliseconds. */
const LEFT_EVERY_MS = 2_000;
/** How often quarters of an hour, hours and days are added up, in milliseconds. */
const SUMS_EVERY_MS = 20_000;

export function buildUsage(
  { store, owner, log, groupsOf }: UsageBuildParts,
): UsageServices {
  const sums = new UsageStore(store);
  const rollup = new UsageRollup({ store: sums, owner });
  return {
    query: new UsageQuery({ store: sums, groupsOf }),
    fold: new UsageFold({ owner, clock: store.clock, log }),
    rollup,
    check: new UsageCheck({
      store: sums,
      lanes: new UsageLanes(store),
      owner: () => owner.incarnation.id,
      log,
    }),
    upkeep: new UsageUpkeep(store),
    sweepers: [
      new Sweeper({
        failure: "Usage of processes that have ended could not be added up",
        everyMs: LEFT_EVERY_MS,
        sweep: (signal) => rollup.foldLeft(signal),
        log,
      }),
      new Sweeper({
        failure: "Usage could not be added up by the hour",
        everyMs: SUMS_EVERY_MS,
        sweep: (signal) => rollup.sumUp(signal),
        log,
      }),
      new Sweeper({
        failure: "Old sums of usage could not be removed",
        everyMs: 10 * MINUTE_MS,
        sweep: (signal) => rollup.tidy(signal),
        log,
      }),
    ],
  };
}
