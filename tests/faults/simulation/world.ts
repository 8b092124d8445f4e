/** A simulated world: one store, some processes over it, clients, and a provider. */
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { Bell } from "@/lib/kv/bell.ts";
import { JobBell } from "@/lib/kv/job_bell.ts";
import type { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { newId } from "@/lib/shared/ids.ts";
import { ThreadStore } from "@/lib/chat/thread_store.ts";
import { Clients } from "./clients.ts";
import { CommitWatch } from "./commit_watch.ts";
import { Host } from "./host.ts";
import { Machine } from "./machine.ts";
import { ModelKv } from "./model_kv.ts";
import type { Mutant } from "./mutants.ts";
import type { Happening, Schedule } from "./schedule.ts";
import { withSeededTokens } from "./seeded_tokens.ts";
import { checkSettled, whatIsUnsettled } from "./settled.ts";
import { Timeline } from "./timeline.ts";
import { Upstream } from "./upstream.ts";

/** What came of a schedule. */
export interface Played {
  /** Invariants that did not hold, each with its number in brackets; the first one is the one to look at. */
  failures: string[];
  /** Runs by how they ended, and what else happened: a schedule that does nothing proves nothing. */
  counts: Record<string, number>;
  /** All commits in their order; the same for each play of a schedule. */
  trace: string[];
}

/** How long after all is well everything has to be settled, in milliseconds. */
const SETTLE_MS = 120_000;

/** How long a settled world is watched for what comes late, in milliseconds. */
const LINGER_MS = 3_000;

const THREADS = 3;

/**
 * Plays a schedule, lets all go well after its last step, and checks what is there in the end.
 * @param mutant takes a safeguard of the program away
 */
export function play(
  schedule: Schedule,
  mutant: Mutant = {},
): Promise<Played> {
  return withSeededTokens(
    schedule.seed,
    () => new World(schedule, mutant).play(),
  );
}

class World {
  readonly #schedule: Schedule;
  readonly #timeline = new Timeline();
  readonly #model = new ModelKv();
  readonly #faults: FaultKv[] = [];
  readonly #failures: string[] = [];
  readonly #trace: string[] = [];
  readonly #commits: CommitWatch;
  readonly #machines: Machine[] = [];
  readonly #clients: Clients;
  readonly #mutant: Mutant;
  readonly #upstream: Upstream;
  readonly #random: () => number;

  constructor(schedule: Schedule, mutant: Mutant) {
    this.#schedule = schedule;
    this.#mutant = mutant;
    this.#random = seededRandom(schedule.seed + 1);
    this.#upstream = new Upstream(schedule.plans);
    const fail = (what: string) => this.#fail(what);
    this.#commits = new CommitWatch(this.#model, this.#upstream, fail);
    this.#clients = new Clients({
      timeline: this.#timeline,
      commits: this.#commits,
      machines: this.#machines,
      random: this.#random,
      fail,
    });
    this.#model.onCommit = (changes) => {
      const rows = changes.map(({ key: [space, kind], value }) =>
        `${value === undefined ? "-" : "+"}${
          String(space)[0]
        }.${kind as string}`
      );
      this.#trace.push(`${this.#timeline.nowMs} ${rows.join(" ")}`);
      this.#commits.watch(changes);
    };
  }

  async play(): Promise<Played> {
    await this.#createThreads();
    for (let count = 0; count < this.#schedule.machines; count += 1) {
      this.#machines.push(
        new Machine({
          timeline: this.#timeline,
          model: this.#model,
          upstream: this.#upstream,
          isWatched: this.#schedule.isWatched,
          random: this.#random,
          mutant: this.#mutant,
          fail: (what) => this.#fail(what),
          faults: this.#faults,
        }),
      );
    }
    const isReady = () => this.#machines.every(({ process }) => process);
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
      trace: this.#trace,
    };
  }

  get #hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  #fail(what: string): void {
    this.#failures.push(`at ${this.#timeline.nowMs} ms: ${what}`);
  }

  async #createThreads(): Promise<void> {
    const store = {
      kind: "platform" as const,
      kv: this.#model,
      path: null,
      generation: "simulated",
      readOnly: false,
      deadlineMs: 1_000,
      clock: new Host(this.#timeline).clock,
      eventsBell: new Bell(),
      jobsBell: new JobBell(),
      close: () => {},
    };
    const threads = new ThreadStore(store, () => "nobody");
    const now = new Date(store.clock.now()).toISOString();
    for (let count = 0; count < THREADS; count += 1) {
      const id = newId("thr");
      this.#clients.threads.push(id);
      await threads.createThread(
        LOCAL_SPACE,
        {
          v: 1,
          id,
          title: "Thread",
          titleSource: "auto",
          model: null,
          createdAt: now,
          version: 1,
        },
        { v: 1, updatedAt: now, activeRunId: null },
      );
    }
  }

  async #happen(happening: Happening): Promise<void> {
    if (happening.type === "deliver") {
      const { length } = this.#faults;
      await this.#faults[happening.process % length].applyHeld();
      return;
    }
    const machine = this.#machines[happening.machine % this.#machines.length];
    switch (happening.type) {
      case "ask":
        return this.#clients.ask(machine, happening);
      case "regenerate":
        return this.#clients.regenerate(machine, happening.run);
      case "continue":
        return this.#clients.goOn(machine, happening.run);
      case "stop":
        return this.#clients.stop(machine, happening.run);
      case "follow":
        return this.#clients.follow(machine, happening);
      case "cut":
        return this.#clients.cut(machine, happening);
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
        return machine.host.jump(happening.ms);
      case "deafen":
        machine.host.isDeaf = true;
        return;
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

  /** All is well from now on, so all comes to its end: also once what was held has arrived after all. */
  async #settle(): Promise<void> {
    for (const machine of this.#machines) machine.heal();
    await this.#untilSettled();
    for (const faults of this.#faults) await faults.applyHeld();
    await this.#untilSettled();
    for (const machine of this.#machines) machine.kill();
    if (this.#hasFailed) return;
    checkSettled(this.#model, this.#commits, (what) => this.#fail(what));
  }

  async #untilSettled(): Promise<void> {
    const startMs = this.#timeline.nowMs;
    const unsettled = () =>
      whatIsUnsettled(this.#model, this.#commits, this.#clients);
    const isOver = () => this.#hasFailed || unsettled() === null;
    await this.#timeline.runUntil(isOver, startMs + SETTLE_MS);
    // What comes late may come still.
    const lingerMs = this.#timeline.nowMs + LINGER_MS;
    await this.#timeline.runUntil(() => this.#hasFailed, lingerMs);
    await this.#timeline.runUntil(isOver, startMs + SETTLE_MS);
    const left = this.#hasFailed ? null : unsettled();
    if (left !== null) this.#fail(left);
  }

  #count(): Record<string, number> {
    const counts: Record<string, number> = {
      fenced: this.#commits.fenced.size,
      epochs: 0,
      continued: 0,
      handedOver: 0,
      crashed: 0,
    };
    for (const { record } of this.#commits.runs.values()) {
      counts[record.status] = (counts[record.status] ?? 0) + 1;
      counts.epochs += record.epoch;
      counts.continued += record.continues === null ? 0 : 1;
      counts.handedOver += record.handovers ?? 0;
      counts.crashed += record.crashes ?? 0;
    }
    return counts;
  }
}
