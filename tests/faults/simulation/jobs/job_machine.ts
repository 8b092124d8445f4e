/** A machine of a simulated world of jobs, on which one process after another lives. */
import { Bell } from "@/lib/kv/bell.ts";
import { JobBell } from "@/lib/kv/job_bell.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { StrictKv } from "@/lib/kv/testing/strict_kv.ts";
import { Host, HostKv } from "../host.ts";
import type { ModelKv } from "../model_kv.ts";
import type { Mutant } from "../mutants.ts";
import type { Timeline } from "../timeline.ts";
import { type JobSimProcess, startJobSimProcess } from "./job_sim_process.ts";

/** What the machines of a world share. */
export interface JobMachineWorld {
  timeline: Timeline;
  model: ModelKv;
  isSilent: boolean;
  random: () => number;
  mutant: Mutant;
  fail: (what: string) => void;
  /** The ways to the store of all processes there have been; what they hold may still arrive. */
  faults: FaultKv[];
}

/** Shorter than in the program, so that a schedule is over sooner. In milliseconds. */
const DEADLINE_MS = 1_000;
const START_AGAIN_MS = 500;
/** A process that was asked to go is gone by then, in milliseconds; see serve.ts. */
const GONE_MS = 4_000;

/** Nobody hears it. */
class SilentBell extends JobBell {
  override ring(): void {}
}

export class JobMachine {
  readonly #world: JobMachineWorld;
  #host: Host;
  #process: JobSimProcess | null = null;
  #isHealed = false;
  #jumpedMs = 0;
  faults!: FaultKv;

  constructor(world: JobMachineWorld) {
    this.#world = world;
    this.#host = this.#begin();
  }

  get host(): Host {
    return this.#host;
  }

  /** The process, once it has begun; null before, and when it is dead. */
  get process(): JobSimProcess | null {
    return this.#host.isDead ? null : this.#process;
  }

  /** Starts a process unless there is one. */
  start(): void {
    if (this.#host.isDead) this.#host = this.#begin();
  }

  kill(): void {
    this.#host.kill();
    this.#process = null;
    if (!this.#isHealed) return;
    this.#world.timeline.after(START_AGAIN_MS, () => this.start());
  }

  /** Asks the process to go. */
  drain(): void {
    const { process } = this;
    const host = this.#host;
    if (process === null) return;
    const end = () => {
      if (this.#host === host && !host.isDead) this.kill();
    };
    host.deliver(() => void process.drain().then(end, end));
    this.#world.timeline.after(GONE_MS, end);
  }

  /** Its wall clock is set. */
  jump(ms: number): void {
    this.#host.jump(ms);
    this.#jumpedMs += ms;
  }

  /** All is well with it from now on; a process that ends is followed by another one. */
  heal(): void {
    this.#isHealed = true;
    this.#host.thaw();
    this.#host.jump(-this.#jumpedMs);
    this.#host.slowMs = 0;
    this.faults.heal();
    this.start();
  }

  /** Ends for good. */
  end(): void {
    this.#isHealed = false;
    this.kill();
  }

  #begin(): Host {
    const { timeline, model, isSilent, random, mutant, fail } = this.#world;
    const host = new Host(timeline);
    this.#jumpedMs = 0;
    host.isDeaf = isSilent;
    const strict = new StrictKv(mutant.atStore?.(model) ?? model);
    const faults = new FaultKv(strict);
    this.faults = faults;
    this.#world.faults.push(faults);
    const kv = new HostKv(faults, host, model, random);
    const store: Store = {
      kind: "platform",
      kv: mutant.atProcess?.(kv) ?? kv,
      path: null,
      generation: "simulated",
      readOnly: false,
      deadlineMs: DEADLINE_MS,
      clock: host.clock,
      eventsBell: new Bell(),
      jobsBell: isSilent ? new SilentBell() : new JobBell(),
      close: () => {},
    };
    const kill = () => {
      if (this.#host === host && !host.isDead) this.kill();
    };
    const start = () => {
      startJobSimProcess(store, kill).then(
        (process) => this.#process = process,
        () => host.clock.after(START_AGAIN_MS, start),
      );
    };
    this.#process = null;
    host.onDeath(() => {
      for (const what of strict.violations) fail(`[20] ${what}`);
    });
    start();
    return host;
  }
}
