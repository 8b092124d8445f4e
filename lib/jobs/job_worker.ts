/**
 * Does jobs: claims what is due, as many at a time as may be, and looks for more whenever it is woken: by
 * a commit of this process, by the store's own queue, by a timer, by a place that has become free, and
 * once a second in any case.
 */
import { sleep } from "@/lib/clock.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { hasQueues, type Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { JobExecution } from "./job_execution.ts";
import type { JobKinds } from "./job_kind.ts";
import { type Busy, JobPicker, type Picked } from "./job_picker.ts";
import type { JobResult } from "./job_record.ts";
import { JOBS_PER_CLAIM, type JobStore, type LoadedJob } from "./job_store.ts";

export interface JobWorkerParts {
  store: Store;
  jobs: JobStore;
  kinds: JobKinds;
  owner: Owner;
  keepResult: (result: unknown) => Promise<JobResult>;
  log: Logger;
  /** Jobs that this process does at a time. */
  perProcess?: number;
  /** Whether the store's own queue wakes it. */
  usesQueue?: boolean;
}

const PER_PROCESS = 32;
const POLL_MS = 1_000;
/** Timers that are made due in one go. */
const TIMERS_AT_A_TIME = 500;

export class JobWorker {
  readonly #parts: JobWorkerParts;
  readonly #picker: JobPicker;
  readonly #ended = new AbortController();
  readonly #running = new Map<string, JobExecution>();
  /** Jobs of which a claim is under way. */
  readonly #claiming = new Set<string>();
  /** Ends of executions. */
  readonly #ends = new Set<Promise<void>>();
  #paused: ReadonlySet<string> = new Set();
  #loop: Promise<void> = Promise.resolve();
  #watch: Promise<void> = Promise.resolve();
  /** When the next timer is due, milliseconds since 1970 UTC. */
  #nextTimer: number | null = null;

  constructor(parts: JobWorkerParts) {
    this.#parts = parts;
    this.#picker = new JobPicker(parts.jobs, parts.kinds);
    parts.owner.subscribe((incarnation) => this.#fenced(incarnation));
  }

  /** Jobs that are being done. */
  get running(): number {
    return this.#running.size;
  }

  start(): void {
    const { store, usesQueue = hasQueues(store), log } = this.#parts;
    this.#loop = this.#work();
    this.#watch = this.#watchCancels();
    if (!usesQueue) return;
    // The handler only wakes: what takes longer than five seconds there is delivered again.
    store.kv.listenQueue(() => store.jobsBell.ring()).catch((error) => {
      if (!this.#ended.signal.aborted) {
        log.warn("The store's queue wakes nobody any more", { error });
      }
    });
  }

  /**
   * Begins nothing more and gives back what is being done, as if it had not begun.
   * @param deadlineMs how long what is being done may take to end
   */
  async stop(deadlineMs: number): Promise<void> {
    this.#ended.abort();
    await Promise.all([this.#loop, this.#watch]);
    for (const execution of this.#running.values()) execution.end("handover");
    const { clock } = this.#parts.store;
    await Promise.race([
      Promise.all(this.#ends),
      new Promise<void>((resolve) => clock.after(deadlineMs, resolve)),
    ]);
  }

  /** Ends a job that is being done here. False: it is not. */
  cancel(id: string): boolean {
    const execution = this.#running.get(id);
    execution?.end("cancelled");
    return execution !== undefined;
  }

  /** Whether a job is being done here, or is about to be. */
  has(id: string): boolean {
    return this.#running.has(id) || this.#claiming.has(id);
  }

  async #work(): Promise<void> {
    const { log } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const over = new AbortController();
      // Begun before the look, so that what is rung meanwhile counts.
      const heard = this.#ring(over.signal);
      try {
        await this.#fill();
      } catch (error) {
        if (!signal.aborted) log.warn("Jobs could not be claimed", { error });
      }
      await this.#wait(heard, over);
    }
  }

  /** Resolves at the next ring. */
  async #ring(signal: AbortSignal): Promise<void> {
    let rings = 0;
    // The condition is looked at once at the beginning, and at each ring.
    const isRung = () => (rings += 1) > 1;
    await this.#parts.store.jobsBell.until(isRung, signal).catch(() => {});
  }

  /** Resolves at the next reason to look. */
  async #wait(heard: Promise<void>, over: AbortController): Promise<void> {
    const { store: { clock } } = this.#parts;
    const ended = () => over.abort();
    this.#ended.signal.addEventListener("abort", ended);
    if (this.#ended.signal.aborted) ended();
    const untilTimer = this.#nextTimer === null
      ? POLL_MS
      : Math.max(0, this.#nextTimer - clock.now());
    await Promise.race([
      heard,
      sleep(clock, Math.min(POLL_MS, untilTimer), over.signal),
    ]);
    over.abort();
    this.#ended.signal.removeEventListener("abort", ended);
  }

  /** Begins as much as may be begun now. */
  async #fill(): Promise<void> {
    const { jobs, owner, perProcess = PER_PROCESS } = this.#parts;
    const { signal } = this.#ended;
    await this.#promote();
    this.#paused = await jobs.pausedKinds(signal);
    while (!signal.aborted) {
      const { incarnation } = owner;
      const free = perProcess - this.#running.size;
      if (free <= 0 || incarnation.lane.state !== "open") return;
      const picked = await this.#picker.pick(
        free,
        this.#busy(),
        this.#paused,
        signal,
      );
      if (picked.length === 0) return;
      let begun = 0;
      for (let from = 0; from < picked.length; from += JOBS_PER_CLAIM) {
        const group = picked.slice(from, from + JOBS_PER_CLAIM);
        for (const { id } of group) this.#claiming.add(id);
        try {
          for (const loaded of await this.#claim(group, incarnation)) {
            this.#begin(loaded, incarnation);
            begun += 1;
          }
        } finally {
          for (const { id } of group) this.#claiming.delete(id);
        }
      }
      if (begun === 0) return;
    }
  }

  /** Claims jobs together; one by one where another process takes of the same ones. */
  async #claim(
    group: readonly Picked[],
    incarnation: Incarnation,
  ): Promise<LoadedJob[]> {
    const { jobs } = this.#parts;
    const claimed = await jobs.claim(group, incarnation);
    if (claimed !== "conflict") return claimed;
    const alone: LoadedJob[] = [];
    for (const job of group) {
      const got = await jobs.claim([job], incarnation);
      if (got !== "conflict") alone.push(...got);
    }
    return alone;
  }

  #begin(loaded: LoadedJob, incarnation: Incarnation): void {
    const { jobs, kinds, keepResult, log, store } = this.#parts;
    const { id, kind } = loaded.record;
    const execution = new JobExecution({
      store: jobs,
      kind: kinds.get(kind)!,
      loaded,
      incarnation,
      keepResult,
      log,
    });
    this.#running.set(id, execution);
    const end = execution.run().finally(() => {
      this.#running.delete(id);
      this.#ends.delete(end);
      // A place is free.
      store.jobsBell.ring();
    });
    this.#ends.add(end);
  }

  #busy(): Busy {
    const kinds = new Map<string, number>();
    const places = new Map<string, number>();
    const count = (counts: Map<string, number>, name: string) =>
      counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const { record } of this.#running.values()) {
      count(kinds, record.kind);
      count(places, `${record.space.split("/")[0]} ${record.kind}`);
    }
    return {
      ofKind: (kind) => kinds.get(kind) ?? 0,
      inWorkspace: (workspace, kind) => places.get(`${workspace} ${kind}`) ?? 0,
      has: (job) => this.has(job),
    };
  }

  async #promote(): Promise<void> {
    const { jobs } = this.#parts;
    const { signal } = this.#ended;
    let made: number;
    do {
      made = await jobs.promote(TIMERS_AT_A_TIME, signal);
    } while (made === TIMERS_AT_A_TIME);
    this.#nextTimer = await jobs.nextTimer(signal);
  }

  /** Looks for what other processes want cancelled, since a bell may be lost. */
  async #watchCancels(): Promise<void> {
    const { jobs, store: { clock, kind } } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted && kind !== "memory") {
      await sleep(clock, POLL_MS, signal);
      const running = [...this.#running.values()].map(({ record }) => record);
      if (running.length === 0) continue;
      try {
        for (const id of await jobs.cancelled(running)) this.cancel(id);
      } catch {
        // The next look makes up for it.
      }
    }
  }

  /** What an incarnation owned that was fenced is another process's. */
  #fenced(incarnation: Incarnation): void {
    for (const execution of this.#running.values()) {
      if (execution.incarnation !== incarnation) execution.end("fenced");
    }
  }
}
