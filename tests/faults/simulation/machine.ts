/** A machine of a simulated world, on which one process after another lives. */
import { Bell } from "@/lib/kv/bell.ts";
import { JobBell } from "@/lib/kv/job_bell.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { StrictKv } from "@/lib/kv/testing/strict_kv.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import type { After } from "@/lib/streams/follow.ts";
import type { FollowedProcess } from "./follower.ts";
import { Host, HostKv } from "./host.ts";
import type { Mutant } from "./mutants.ts";
import type { ModelKv } from "./model_kv.ts";
import { type SimProcess, startSimProcess } from "./sim_process.ts";
import type { Timeline } from "./timeline.ts";
import type { Upstream } from "./upstream.ts";

/** What the machines of a world share. */
export interface MachineWorld {
  timeline: Timeline;
  model: ModelKv;
  upstream: Upstream;
  isWatched: boolean;
  random: () => number;
  mutant: Mutant;
  fail: (what: string) => void;
  /** The ways to the store of all processes there have been; what they hold may still arrive. */
  faults: FaultKv[];
}

/** Shorter than in the program, so that a schedule is over sooner. In milliseconds. */
const DEADLINE_MS = 1_000;

/** A process that cannot start is started again. */
const START_AGAIN_MS = 500;

/** A process that was asked to go is gone by then, in milliseconds; see serve.ts. */
const GONE_MS = 4_000;

export class Machine implements FollowedProcess {
  readonly #world: MachineWorld;
  #host: Host;
  #process: SimProcess | null = null;
  /** A process that goes is followed by another one. */
  #isHealed = false;
  faults!: FaultKv;

  constructor(world: MachineWorld) {
    this.#world = world;
    this.#host = this.#begin();
  }

  get host(): Host {
    return this.#host;
  }

  /** The process, once it takes requests; null before, and when it is dead. */
  get process(): SimProcess | null {
    return this.#host.isDead ? null : this.#process;
  }

  /** Starts a process unless there is one. */
  start(): void {
    if (this.#host.isDead) this.#host = this.#begin();
  }

  kill(): void {
    this.#host.kill();
    this.#process = null;
  }

  /** Asks the process to go. */
  drain(): void {
    const { process } = this;
    const host = this.#host;
    if (process === null) return;
    const end = () => {
      if (this.#host !== host || host.isDead) return;
      this.kill();
      if (this.#isHealed) this.start();
    };
    host.deliver(() => void process.drain().then(end, end));
    this.#world.timeline.after(GONE_MS, end);
  }

  /** All is well with it from now on. */
  heal(): void {
    this.#isHealed = true;
    this.#host.thaw();
    this.#host.isDeaf = false;
    this.#host.slowMs = 0;
    this.faults.heal();
    this.start();
  }

  deliver(callback: () => void): void {
    this.#host.deliver(callback);
  }

  onDeath(callback: () => void): void {
    this.#host.onDeath(callback);
  }

  follow(
    space: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void> {
    const { process } = this;
    if (process === null) throw new Error("Connection refused");
    return process.chat.follow(space, runId, after, signal);
  }

  #begin(): Host {
    const { timeline, model, isWatched, random, mutant, fail } = this.#world;
    const host = new Host(timeline);
    const strict = new StrictKv(mutant.atStore?.(model) ?? model);
    const faults = new FaultKv(strict);
    this.faults = faults;
    this.#world.faults.push(faults);
    const kv = new HostKv(faults, host, model, random);
    const store: Store = {
      kind: isWatched ? "platform" : "file",
      kv: mutant.atProcess?.(kv) ?? kv,
      path: null,
      generation: "simulated",
      readOnly: false,
      deadlineMs: DEADLINE_MS,
      clock: host.clock,
      eventsBell: new Bell(),
      jobsBell: new JobBell(),
      close: () => {},
    };
    const provider = this.#world.upstream.provider(host);
    const start = () => {
      startSimProcess({ store, provider }).then(
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
