/** A simulated world of jobs: one store, some processes over it, and people who ask. */
import { BOUNDS_MS, type JobCountsRow } from "@/lib/jobs/job_count.ts";
import { isOver, type JobRecord } from "@/lib/jobs/job_record.ts";
import { cursorKey, jobCountsKey } from "@/lib/kv/keys.ts";
import type { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { Host } from "../host.ts";
import { ModelKv } from "../model_kv.ts";
import type { Mutant } from "../mutants.ts";
import { withSeededTokens } from "../seeded_tokens.ts";
import { Timeline } from "../timeline.ts";
import { effectKey } from "./job_kinds.ts";
import { JobMachine } from "./job_machine.ts";
import type { JobHappening, JobSchedule } from "./job_schedule.ts";
import type { JobSimProcess } from "./job_sim_process.ts";
import { JobWatch } from "./job_watch.ts";

/** What came of a schedule. */
export interface PlayedJobs {
  /** Invariants that did not hold, each with its number in brackets; the first one is the one to look at. */
  failures: string[];
  /** Jobs by how they ended, and what was told: a schedule that does nothing proves nothing. */
  counts: Record<string, number>;
  /** All jobs as they are in the end. */
  jobs: JobRecord[];
  trace: string[];
}

/** How long after all is well every job has to be over, in milliseconds. */
const SETTLE_MS = 900_000;

/** How long a settled world is watched for what comes late, in milliseconds. */
const LINGER_MS = 3_000;

/** How long somebody waits for an answer, in milliseconds. */
const ASK_DEADLINE_MS = 8_000;

/** Places without which nothing is settled. */
const PLACES = ["jd", "jt", "own"] as const;

/**
 * Plays a schedule, lets all go well after its last step, and checks what is there in the end.
 * @param mutant takes a safeguard of the program away
 */
export async function playJobs(
  schedule: JobSchedule,
  mutant: Mutant = {},
): Promise<PlayedJobs> {
  const real = Math.random;
  Math.random = seededRandom(schedule.seed + 2);
  try {
    return await withSeededTokens(
      schedule.seed,
      () => new JobWorld(schedule, mutant).play(),
    );
  } finally {
    Math.random = real;
  }
}

class JobWorld {
  readonly #schedule: JobSchedule;
  readonly #timeline = new Timeline();
  readonly #model = new ModelKv();
  readonly #faults: FaultKv[] = [];
  readonly #failures: string[] = [];
  readonly #trace: string[] = [];
  readonly #watch: JobWatch;
  readonly #machines: JobMachine[] = [];
  readonly #mutant: Mutant;
  readonly #random: () => number;
  readonly #clock = new Host(this.#timeline).clock;
  /** Jobs that somebody was told are there. */
  readonly #promised = new Set<string>();

  constructor(schedule: JobSchedule, mutant: Mutant) {
    this.#schedule = schedule;
    this.#mutant = mutant;
    this.#random = seededRandom(schedule.seed + 1);
    this.#watch = new JobWatch(this.#model, (what) => this.#fail(what));
    this.#model.onCommit = (changes) => {
      const rows = changes.map(({ key: [space, kind], value }) =>
        `${value === undefined ? "-" : "+"}${String(space)[0]}.${String(kind)}`
      );
      this.#trace.push(`${this.#timeline.nowMs} ${rows.join(" ")}`);
      this.#watch.watch(changes);
    };
  }

  async play(): Promise<PlayedJobs> {
    for (let count = 0; count < this.#schedule.machines; count += 1) {
      this.#machines.push(
        new JobMachine({
          timeline: this.#timeline,
          model: this.#model,
          isSilent: this.#schedule.isSilent,
          random: this.#random,
          mutant: this.#mutant,
          fail: (what) => this.#fail(what),
          faults: this.#faults,
        }),
      );
    }
    const cursor = () =>
      this.#model.peek<{ sync?: unknown }>(cursorKey("job-counts"));
    // What a first count finds is exact as long as nothing happens meanwhile.
    const isReady = () =>
      this.#machines.every(({ process }) => process) && cursor() !== null &&
      cursor()?.sync === undefined;
    await this.#timeline.runUntil(isReady);
    for (const { afterMs, happening } of this.#schedule.steps) {
      const untilMs = this.#timeline.nowMs + afterMs;
      await this.#timeline.runUntil(() => this.#hasFailed, untilMs);
      if (this.#hasFailed) break;
      await this.#happen(happening);
    }
    if (!this.#hasFailed) await this.#settle();
    return {
      failures: this.#failures,
      counts: this.#count(),
      jobs: [...this.#watch.jobs.values()].map(({ record }) => record),
      trace: this.#trace,
    };
  }

  get #hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  #fail(what: string): void {
    this.#failures.push(`at ${this.#timeline.nowMs} ms: ${what}`);
  }

  async #happen(happening: JobHappening): Promise<void> {
    if (happening.type === "deliver") {
      const { length } = this.#faults;
      await this.#faults[happening.process % length].applyHeld();
      return;
    }
    const machine = this.#machines[happening.machine % this.#machines.length];
    switch (happening.type) {
      case "ask": {
        const { workspace, deed, delayMs, dedupKey } = happening;
        const space = `wsp_${workspace}/usr_${workspace}`;
        const runAt = delayMs === 0
          ? undefined
          // By the clock of who asks, which is right.
          : this.#clock.now() + delayMs;
        return this.#send(machine, async ({ jobs }) => {
          const { job } = await jobs.enqueue(space, {
            kind: `sim.${deed}`,
            input: null,
            runAt,
            dedupKey,
          });
          this.#promised.add(job.id);
        });
      }
      case "cancel":
      case "retry": {
        const record = this.#job(happening.job);
        if (record === null) return;
        const { space, id } = record;
        return this.#send(machine, async ({ jobs }) => {
          await jobs[happening.type](space, id);
        });
      }
      case "pause": {
        this.#send(
          machine,
          ({ jobStore }) => jobStore.pauseKind("wsp_0", "sim.quick"),
        );
        this.#timeline.after(happening.forMs, () => this.#resume());
        return;
      }
      case "kill":
        return machine.kill();
      case "drain":
        return machine.drain();
      case "start":
        return machine.start();
      case "freeze": {
        const { host } = machine;
        host.freeze();
        this.#timeline.after(happening.forMs, () => host.thaw());
        return;
      }
      case "jump":
        return machine.jump(happening.ms);
      case "slow":
        machine.host.slowMs = happening.ms;
        return;
      case "commits":
        return machine.faults.script(...happening.faults);
      case "reads":
        return machine.faults.scriptReads(...happening.faults);
      case "trouble": {
        const seed = Math.floor(this.#random() * 2 ** 32);
        return machine.faults.randomly(seed, happening.percent / 100);
      }
    }
  }

  /** Somebody asks a process; a refusal is an answer, and so is none. */
  #send(
    machine: JobMachine,
    ask: (process: JobSimProcess) => Promise<void>,
  ): void {
    const { process } = machine;
    if (process === null) return;
    machine.host.ask(() => ask(process), ASK_DEADLINE_MS).catch(() => {});
  }

  #job(index: number): JobRecord | null {
    const all = [...this.#watch.jobs.values()];
    return all.length === 0 ? null : all[index % all.length].record;
  }

  #resume(): void {
    for (const machine of this.#machines) {
      this.#send(
        machine,
        ({ jobStore }) => jobStore.resumeKind("wsp_0", "sim.quick"),
      );
    }
  }

  /** All is well from now on, so all comes to its end: also once what was held has arrived after all. */
  async #settle(): Promise<void> {
    for (const machine of this.#machines) machine.heal();
    await this.#untilSettled();
    for (const faults of this.#faults) await faults.applyHeld();
    await this.#untilSettled();
    for (const machine of this.#machines) machine.end();
    if (!this.#hasFailed) this.#checkSettled();
  }

  async #untilSettled(): Promise<void> {
    const startMs = this.#timeline.nowMs;
    let lookedAtMs = -Infinity;
    const isOver = () => {
      if (this.#hasFailed) return true;
      // Looking costs more than a turn of the world.
      if (this.#timeline.nowMs - lookedAtMs < 500) return false;
      lookedAtMs = this.#timeline.nowMs;
      this.#resumeLeft();
      return this.#unsettled() === null;
    };
    await this.#timeline.runUntil(isOver, startMs + SETTLE_MS);
    const lingerMs = this.#timeline.nowMs + LINGER_MS;
    await this.#timeline.runUntil(() => this.#hasFailed, lingerMs);
    await this.#timeline.runUntil(isOver, startMs + SETTLE_MS);
    const left = this.#hasFailed ? null : this.#unsettled();
    if (left !== null) this.#fail(left);
  }

  /** A pause whose end was asked of a process that did not hear it. */
  #resumeLeft(): void {
    if (this.#model.peekAll(["sys", "jp"]).length > 0) this.#resume();
  }

  #unsettled(): string | null {
    for (const { record } of this.#watch.jobs.values()) {
      if (!isOver(record)) {
        return `[16,19] ${record.id} ${record.kind} is ${record.status} for ever`;
      }
    }
    for (const place of PLACES) {
      const rows = this.#model.peekAll(["sys", place]);
      if (rows.length > 0) return `[16] left: ${JSON.stringify(rows[0].key)}`;
    }
    return this.#counted();
  }

  /** Whether the counts say what there is; null: they do. */
  #counted(): string | null {
    const expected = new Map<string, number>();
    for (const { record } of this.#watch.jobs.values()) {
      const workspace = record.space.split("/")[0];
      const name = `${workspace} ${record.kind} ${record.status}`;
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
    const found = new Map<string, number>();
    for (const workspace of ["wsp_0", "wsp_1"]) {
      const row = this.#model.peek<JobCountsRow>(jobCountsKey(workspace));
      for (const [kind, counts] of Object.entries(row?.kinds ?? {})) {
        for (const [status, count] of Object.entries(counts)) {
          if (count > 0) found.set(`${workspace} ${kind} ${status}`, count);
        }
      }
    }
    const text = (counts: Map<string, number>) =>
      JSON.stringify([...counts].sort());
    return text(found) === text(expected)
      ? null
      : `[14] counted ${text(found)}, there are ${text(expected)}`;
  }

  #checkSettled(): void {
    for (const id of this.#promised) {
      if (!this.#watch.jobs.has(id)) this.#fail(`[16] ${id} was lost`);
    }
    for (const { record } of this.#watch.jobs.values()) {
      const { id, kind, status, attempts } = record;
      const effect = this.#model.peek<{ count: number }>(effectKey(id));
      const count = effect?.count ?? 0;
      const isDeed = ["sim.quick", "sim.slow", "sim.flaky"].includes(kind);
      // One that was begun again by somebody may have had its effect before.
      const most = attempts.filter(({ error }) => error === null).length;
      if (
        count > most || (status === "completed" && count !== most) ||
        (!isDeed && count > 0)
      ) this.#fail(`[16] ${id} ${kind} ${status} had ${count} effects`);
      if (isDeed && status === "dead") this.#fail(`[17] ${id} ${kind} is dead`);
      if (!isDeed && status === "completed") {
        this.#fail(`[16] ${id} ${kind} is completed`);
      }
    }
    const flows = ["wsp_0", "wsp_1"].flatMap((workspace) =>
      this.#model.peekAll<{
        kinds: Record<string, { started: number; waited: number[] }>;
      }>([workspace, "jm"])
    ).flatMap(({ value }) => Object.values(value.kinds));
    const started = flows.reduce((sum, flow) => sum + flow.started, 0);
    const told = this.#watch.told.get("job.started") ?? 0;
    if (started > told) this.#fail(`[14] ${started} counted, ${told} told`);
    if (flows.some(({ waited }) => waited.length !== BOUNDS_MS.length)) {
      this.#fail("[14] a flow without its bounds");
    }
  }

  #count(): Record<string, number> {
    const counts: Record<string, number> = {
      fenced: this.#watch.fenced.size,
      ...Object.fromEntries(this.#watch.told),
    };
    for (const { record } of this.#watch.jobs.values()) {
      counts[record.status] = (counts[record.status] ?? 0) + 1;
      counts.handedOver = (counts.handedOver ?? 0) + record.handovers;
    }
    return counts;
  }
}
