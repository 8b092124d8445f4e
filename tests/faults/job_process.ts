/**
 * A process that does jobs over a store in a file, and kills itself with SIGKILL at a step it is told. Its
 * argument is a `JobProcessPlan` as JSON. Without a step it ends when no job is left.
 */
import { openStore } from "@/lib/kv/open.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { WrappedAtomic, WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { JobContext, JobOutcome } from "@/lib/jobs/job_kind.ts";
import { jobProcess, kindOf } from "@/lib/jobs/testing/job_rig.ts";
import { hastyClock } from "./hasty_clock.ts";

/** Steps of a job at which a process may die: of its commits, before they are sent or once they count. */
export const COMMIT_STEPS = [
  "claim",
  "progress",
  "end",
  "timer",
  "fence",
  "takeover",
] as const;

/** Steps within the handler. */
export const HANDLER_STEPS = ["begin", "outside effect"] as const;

export type Step = typeof COMMIT_STEPS[number] | typeof HANDLER_STEPS[number];

export interface JobProcessPlan {
  location: string;
  /** File to which each attempt's effect outside the store appends the job's id. */
  outside: string;
  /** Where the hasty clock of all processes begins, milliseconds since 1970 UTC. */
  sinceMs: number;
  /** Where it dies: at the so-manieth of any steps, or of one kind of them; null: nowhere. */
  death: { step: Step | "any"; after: boolean; nth: number } | null;
}

/** A commit or a handler has come to a step; never resolves when the process dies of it. */
type Reach = (step: Step | null, isAfter: boolean) => Promise<void>;

function reacher({ death }: JobProcessPlan): Reach {
  let reached = 0;
  return (step, isAfter) => {
    if (death === null || death.after !== isAfter) return Promise.resolve();
    if (death.step !== "any" && death.step !== step) return Promise.resolve();
    reached += 1;
    if (reached < death.nth) return Promise.resolve();
    Deno.kill(Deno.pid, "SIGKILL");
    return new Promise(() => {});
  };
}

class MortalKv extends WrappedKv {
  readonly #reach: Reach;

  constructor(inner: Deno.Kv, reach: Reach) {
    super(inner);
    this.#reach = reach;
  }

  override atomic(): Deno.AtomicOperation {
    return new MortalAtomic(this.inner.atomic(), this.#reach);
  }
}

class MortalAtomic extends WrappedAtomic {
  readonly #reach: Reach;
  readonly #sets: { key: Deno.KvKey; value: unknown }[] = [];
  readonly #deletes: Deno.KvKey[] = [];
  readonly #checks: Deno.KvKey[] = [];

  constructor(inner: Deno.AtomicOperation, reach: Reach) {
    super(inner);
    this.#reach = reach;
  }

  override check(...checks: Deno.AtomicCheck[]): this {
    this.#checks.push(...checks.map(({ key }) => key));
    return super.check(...checks);
  }

  override set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): this {
    this.#sets.push({ key, value });
    return super.set(key, value, options);
  }

  override delete(key: Deno.KvKey): this {
    this.#deletes.push(key);
    return super.delete(key);
  }

  override async commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    const step = this.#step();
    await this.#reach(step, false);
    const answer = await super.commit();
    if (answer.ok) await this.#reach(step, true);
    return answer;
  }

  #step(): Step | null {
    const has = (keys: readonly Deno.KvKey[], kind: string) =>
      keys.some((key) => key[1] === kind);
    if (has(this.#deletes, "jt")) return "timer";
    if (has(this.#deletes, "fence")) return "fence";
    const job = this.#sets.find(({ key }) => key[1] === "j");
    if (job === undefined) return null;
    const { status } = job.value as { status: string };
    const isInLane = has(this.#checks, "lane");
    if (status === "running") return isInLane ? "progress" : "claim";
    return isInLane || has(this.#checks, "fence") ? "end" : "takeover";
  }
}

/** Counts in the store, and outside of it, what each job does; the input says in which way. */
function handler(
  store: Store,
  { outside }: JobProcessPlan,
  reach: Reach,
): (context: JobContext<unknown>) => Promise<JobOutcome> {
  return async ({ id, input, progress }) => {
    await reach("begin", false);
    progress(0.5, "Half");
    await Deno.writeTextFile(outside, `${id}\n`, { append: true });
    await reach("outside effect", true);
    // Long enough for the progress to be stored.
    if (input === "slow") {
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const key = ["wsp_a", "effect", id];
    const { value, versionstamp } = await get<{ count: number }>(store, key);
    return {
      result: { id },
      effects: new UnitOfWork().guard(key, versionstamp, {
        v: 1,
        count: (value?.count ?? 0) + 1,
      }),
    };
  };
}

/** Resolves when no job waits and none is being done. */
async function idle(store: Store): Promise<void> {
  const ranges = [["sys", "jd"], ["sys", "jt"], ["sys", "own"]];
  while (true) {
    const rows = await Promise.all(
      ranges.map((prefix) =>
        Array.fromAsync(list(store, { prefix }, { limit: 1 }))
      ),
    );
    if (rows.every(({ length }) => length === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

if (import.meta.main) {
  const plan: JobProcessPlan = JSON.parse(Deno.args[0]);
  const reach = reacher(plan);
  const store = await openStore({
    location: plan.location,
    clock: hastyClock(plan.sinceMs),
    deadlineMs: 200_000,
    wrap: (kv) => new MortalKv(kv, reach),
  });
  const kind = kindOf(handler(store, plan, reach), {
    maxAttempts: 10_000,
    deadlineMs: 3_600_000,
  });
  const process = await jobProcess([kind], { store });
  await idle(store);
  await process[Symbol.asyncDispose]();
  store.close();
}
