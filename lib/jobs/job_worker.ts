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
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { Ending } from "./job_attempt.ts";
import { type AttemptReport, JobExecution } from "./job_execution.ts";
import type { JobKinds } from "./job_kind.ts";
import { type Busy, JobPicker, type Picked } from "./job_picker.ts";
import { JobPresence, type RunningJobs } from "./job_presence.ts";
import type { JobRecord, JobResult } from "./job_record.ts";
import { JobQueues, JOBS_PER_CLAIM } from "./job_queues.ts";
import { type JobStore, type LoadedJob, queueName } from "./job_store.ts";
import { JobTimers } from "./job_timers.ts";

export interface JobWorkerParts {
  store: Store;
  jobs: JobStore;
  kinds: JobKinds;
  owner: Owner;
  keepResult: (result: unknown) => Promise<JobResult>;
  log: Logger;
  /** Told of each attempt that is over. */
  onAttempt?: (attempt: AttemptReport) => void;
  /**
   * Whether people wait for something else of this process at this moment: then jobs are begun few at a
   * time, with pauses, so that the store and the event loop answer others first.
   */
  isPressed?: () => boolean;
  /** Name of the machine, for people. */
  host?: string;
  /** Jobs that this process does at a time. */
  perProcess?: number;
  /** Whether the store's own queue wakes it. */
  usesQueue?: boolean;
}

const PER_PROCESS = 32;
const POLL_MS = 1_000;
/** Jobs that are begun at a time while others wait, and how long nothing is begun after that. */
const BEGUN_WHILE_PRESSED = 4;
const PRESSED_PAUSE_MS = 40;
/** How often a claim is tried that other processes come before. */
const CLAIM_ATTEMPTS = 3;
/** How long it counts that they do, in milliseconds. */
const CONTENDED_MS = 1_000;

export class JobWorker {
  readonly #parts: JobWorkerParts;
  readonly #queues: JobQueues;
  readonly #picker: JobPicker;
  readonly #ended = new AbortController();
  readonly #running = new Map<string, JobExecution>();
  /** Jobs of which a claim is under way. */
  readonly #claiming = new Set<string>();
  /** Ends of executions. */
  readonly #ends = new Set<Promise<void>>();
  readonly #timers: JobTimers;
  readonly #presence: JobPresence;
  readonly #places: number;
  #loops: Promise<void>[] = [];
  /** When the next timer is due, milliseconds since 1970 UTC. */
  #nextTimer: number | null = null;
  /** Until when others are taken to claim of the same queues, by the monotonic clock. */
  #contendedUntilMs = -Infinity;

  constructor(parts: JobWorkerParts) {
    const { kinds, store, owner, host, perProcess } = parts;
    this.#parts = parts;
    this.#queues = new JobQueues(store);
    this.#picker = new JobPicker(this.#queues, kinds);
    this.#timers = new JobTimers(store);
    this.#places = perProcess ?? PER_PROCESS;
    this.#presence = new JobPresence({
      store,
      owner,
      host,
      places: this.#places,
      running: () => this.#tally(),
    });
    owner.subscribe((incarnation) => this.#fenced(incarnation));
  }

  /** Reads what other processes do, as it does once a second. */
  async hearOthers(): Promise<void> {
    await this.#presence.hear(this.#ended.signal);
  }

  /** Jobs that this process does at a time, at most. */
  get places(): number {
    return this.#places;
  }

  /** Share of those places that are taken, 0 to 1. */
  get busyRatio(): number {
    return this.#running.size / this.#places;
  }

  /** Jobs that are being done. */
  get running(): number {
    return this.#running.size;
  }

  start(): void {
    const { store, usesQueue = hasQueues(store), log } = this.#parts;
    this.#loops = [
      this.#work(),
      this.#watchEnds(),
      this.#presence.run(this.#ended.signal),
    ];
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
    const { clock } = this.#parts.store;
    const late = new AbortController();
    const deadline = sleep(clock, deadlineMs, late.signal);
    // A claim that is under way may have given this process jobs; if the store is slow, others find them.
    await Promise.race([Promise.all(this.#loops), deadline]);
    for (const execution of this.#running.values()) execution.end("handover");
    await Promise.race([Promise.all(this.#ends), deadline]);
    late.abort();
  }

  /** Ends a job that is being done here. False: it is not. */
  cancel(id: string): boolean {
    return this.#end(id, "cancelled");
  }

  /** Somebody wants something of a job that is done here: looks what. */
  async heed(id: string): Promise<void> {
    const record = this.#running.get(id)?.record;
    if (record !== undefined) await this.#heed([record]);
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
    const { jobs, owner } = this.#parts;
    const { signal } = this.#ended;
    const [{ nextAtMs, hasLetIn }, paused, first] = await Promise.all([
      this.#timers.look(signal),
      jobs.pausedQueues(signal),
      this.#picker.look(signal),
    ]);
    this.#nextTimer = nextAtMs;
    let seen = hasLetIn ? null : first;
    while (!signal.aborted) {
      const { incarnation } = owner;
      const free = this.#places - this.#running.size;
      if (free <= 0 || incarnation.lane.state !== "open") return;
      const isPressed = this.#parts.isPressed?.() ?? false;
      const queues = seen ?? await this.#picker.look(signal);
      seen = null;
      const picked = await this.#picker.pick({
        queues,
        most: isPressed ? BEGUN_WHILE_PRESSED : Infinity,
        places: this.#places,
        busy: this.#busy(),
        paused,
        isContended: this.#isContended,
        signal,
      });
      if (picked.length === 0) return;
      for (const { id } of picked) this.#claiming.add(id);
      try {
        const groups: Picked[][] = [];
        for (let from = 0; from < picked.length; from += JOBS_PER_CLAIM) {
          groups.push(picked.slice(from, from + JOBS_PER_CLAIM));
        }
        // Commits that are on their way together share a transaction of the store.
        const claims = await Promise.allSettled(groups.map(async (group) => {
          const claimed = await this.#claim(group, incarnation);
          for (const loaded of claimed) this.#begin(loaded, incarnation);
          return claimed.length;
        }));
        const failed = claims.find(({ status }) => status === "rejected");
        if (failed?.status === "rejected") throw failed.reason;
        if (
          claims.every((each) => each.status === "fulfilled" && !each.value)
        ) {
          return;
        }
      } finally {
        for (const { id } of picked) this.#claiming.delete(id);
      }
      if (isPressed) {
        await sleep(this.#parts.store.clock, PRESSED_PAUSE_MS, signal);
      }
    }
  }

  /** Claims jobs together; those that another process was faster with are left out. */
  async #claim(
    group: readonly Picked[],
    incarnation: Incarnation,
  ): Promise<LoadedJob[]> {
    const { clock } = this.#parts.store;
    for (let tries = 0; tries < CLAIM_ATTEMPTS; tries += 1) {
      const claimed = await this.#queues.claim(group, incarnation);
      if (claimed !== "conflict") return claimed;
      this.#contendedUntilMs = clock.monotonic() + CONTENDED_MS;
    }
    return [];
  }

  get #isContended(): boolean {
    return this.#parts.store.clock.monotonic() < this.#contendedUntilMs;
  }

  #begin(loaded: LoadedJob, incarnation: Incarnation): void {
    const { jobs, kinds, keepResult, log, store, onAttempt } = this.#parts;
    const { id, kind } = loaded.record;
    const execution = new JobExecution({
      store: jobs,
      kind: kinds.get(kind)!,
      loaded,
      incarnation,
      keepResult,
      onAttempt,
      log,
    });
    this.#running.set(id, execution);
    // Claimed while the process was told to stop: nothing of it has begun.
    if (this.#ended.signal.aborted) execution.end("handover");
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
    const queues = new Map<string, number>();
    const workspaces = new Map<string, number>();
    const add = (counts: Map<string, number>, name: string, count: number) =>
      counts.set(name, (counts.get(name) ?? 0) + count);
    for (const { workspace, kind, count } of this.#tally()) {
      add(kinds, kind, count);
      add(queues, queueName({ workspace, kind }), count);
      add(workspaces, workspace, count);
    }
    return {
      places: this.#running.size,
      ofKind: (kind) => kinds.get(kind) ?? 0,
      inQueue: (workspace, kind) =>
        queues.get(queueName({ workspace, kind })) ?? 0,
      inWorkspace: (workspace) =>
        (workspaces.get(workspace) ?? 0) + this.#presence.elsewhere(workspace),
      has: (job) => this.has(job),
    };
  }

  /** What is being done, by workspace and kind. */
  #tally(): RunningJobs[] {
    const counts = new Map<string, RunningJobs>();
    for (const { record: { space, kind } } of this.#running.values()) {
      const workspace = workspaceOf(space);
      const name = queueName({ workspace, kind });
      const count = (counts.get(name)?.count ?? 0) + 1;
      counts.set(name, { workspace, kind, count });
    }
    return [...counts.values()];
  }

  #end(id: string, why: Ending): boolean {
    const execution = this.#running.get(id);
    execution?.end(why);
    return execution !== undefined;
  }

  /** Looks for what other processes want of the jobs here, since a bell may be lost. */
  async #watchEnds(): Promise<void> {
    const { store: { clock, kind } } = this.#parts;
    const { signal } = this.#ended;
    while (!signal.aborted && kind !== "memory") {
      await sleep(clock, POLL_MS, signal);
      const running = [...this.#running.values()].map(({ record }) => record);
      if (running.length > 0) await this.#heed(running);
    }
  }

  async #heed(running: readonly JobRecord[]): Promise<void> {
    const { jobs } = this.#parts;
    try {
      const ends = await jobs.wantedEnds(running, this.#ended.signal);
      for (const [id, why] of ends) this.#end(id, why);
    } catch {
      // The next look makes up for it.
    }
  }

  /** What an incarnation owned that was fenced is another process's. */
  #fenced(incarnation: Incarnation): void {
    for (const execution of this.#running.values()) {
      if (execution.incarnation !== incarnation) execution.end("fenced");
    }
  }
}
