/** Kinds of jobs in a simulated world. What a job does in the store is counted there. */
import * as z from "zod";
import { sleep } from "@/lib/clock.ts";
import { type JobKind, JobKinds, JobRefusal } from "@/lib/jobs/job_kind.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type Deed, DEEDS } from "./job_schedule.ts";

/** How often a job has had its effect. */
export function effectKey(job: string): Deno.KvKey {
  return ["wsp_0", "effect", job];
}

/** Attempts that a job of each sort has; the more the world does to it, the more it needs. */
const MAX_ATTEMPTS: Record<Deed, number> = {
  quick: 500,
  slow: 500,
  flaky: 500,
  refused: 500,
  hung: 2,
  poison: 2,
};

const DURATION_MS = { quick: 5, slow: 4_000, flaky: 100 } as const;

/** Attempts of a flaky one that fail. */
const FLAKES = 2;

const DEADLINE_MS = 20_000;

/** @param kill ends the process at once */
export function simulatedKinds(store: Store, kill: () => void): JobKinds {
  const kinds = new JobKinds();
  for (const deed of [...DEEDS, "poison" as const]) {
    const kind: JobKind = {
      kind: `sim.${deed}`,
      input: z.null(),
      describe: () => deed,
      isPublic: true,
      priority: deed === "slow" ? "bulk" : "normal",
      maxAttempts: MAX_ATTEMPTS[deed],
      deadlineMs: DEADLINE_MS,
      perProcess: 8,
      perWorkspace: 4,
      async handle({ id, attempt, signal, progress }) {
        progress(0.3, "Begun");
        if (deed === "poison") {
          kill();
          return await new Promise(() => {});
        }
        if (deed === "refused") throw new JobRefusal("Not at all");
        if (deed === "hung") return await new Promise(() => {});
        await sleep(store.clock, DURATION_MS[deed], signal);
        signal.throwIfAborted();
        if (deed === "flaky" && attempt <= FLAKES) throw new Error("Not yet");
        const key = effectKey(id);
        const { value, versionstamp } = await get<{ count: number }>(
          store,
          key,
        );
        return {
          result: id,
          effects: new UnitOfWork().guard(key, versionstamp, {
            v: 1,
            count: (value?.count ?? 0) + 1,
          }),
        };
      },
    };
    kinds.add(kind);
  }
  return kinds;
}
