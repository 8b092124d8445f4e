/**
 * Does the heavy steps on documents in workers, so that nobody's answer waits for them: a bounded number,
 * begun when there is work and ended when there was none for a while. A worker that crashes or hangs is
 * ended and replaced, and costs only the step it had. Where there are no workers, steps are done in this
 * process, in slices.
 */
import { doStep } from "./engine/do_step.ts";
import {
  type Step,
  type StepResult,
  UnreadableDocument,
} from "./engine/steps.ts";
import type { WorkerAnswer } from "./engine/step_worker.ts";
import type { Logger } from "@/lib/observe/log.ts";

/** The part of `Worker` that the pool needs. */
export interface StepWorker {
  postMessage(step: Step, options: { transfer: Transferable[] }): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<WorkerAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface WorkerPoolOptions {
  log: Logger;
  /** Workers at a time; one less than there are processors unless told, and at most two. */
  size?: number;
  /** A step that takes longer counts as hanging, in milliseconds. */
  stepDeadlineMs?: number;
  /** In place of the worker of this program; null: there are none. */
  open?: (() => StepWorker) | null;
}

interface Waiting {
  step: Step;
  signal: AbortSignal;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** A PDF page may take seconds; nothing takes as long as this. */
const STEP_DEADLINE_MS = 120_000;
/** How long a worker may take to load its modules, in milliseconds. */
const READY_DEADLINE_MS = 30_000;
/** A worker without work is ended after so long, in milliseconds. */
const IDLE_MS = 30_000;
const MOST_WORKERS = 2;

/** A step that a worker did not survive, or did not finish in time. */
export class WorkerLost extends Error {
  override readonly name = "WorkerLost";
}

export class WorkerPool {
  readonly #log: Logger;
  readonly #size: number;
  readonly #stepDeadlineMs: number;
  readonly #open: (() => StepWorker) | null;
  readonly #waiting: Waiting[] = [];
  readonly #idle: PooledWorker[] = [];
  readonly #all = new Set<PooledWorker>();
  /** No worker has ever become ready: there are none here. */
  #isInProcess: boolean;
  #isProven = false;
  /** Steps of this process follow each other. */
  #slices: Promise<void> = Promise.resolve();

  constructor(
    {
      log,
      size = Math.max(
        1,
        Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1),
      ),
      stepDeadlineMs = STEP_DEADLINE_MS,
      open = openWorker,
    }: WorkerPoolOptions,
  ) {
    this.#log = log;
    this.#size = size;
    this.#stepDeadlineMs = stepDeadlineMs;
    this.#open = open;
    this.#isInProcess = open === null;
  }

  /** Workers that there are now. */
  get workers(): number {
    return this.#all.size;
  }

  /**
   * Does a step. The bytes in it are handed over.
   * @throws {UnreadableDocument} for a document that no further attempt can read
   * @throws {WorkerLost} when the worker crashed or hung
   * @throws the signal's reason
   */
  async run<S extends Step>(
    step: S,
    signal: AbortSignal,
  ): Promise<StepResult<S>> {
    signal.throwIfAborted();
    if (this.#isInProcess) return await this.#runHere(step, signal);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiting = { step, signal, resolve, reject };
    this.#waiting.push(waiting);
    const giveUp = () => {
      const place = this.#waiting.indexOf(waiting);
      if (place !== -1) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    this.#begin();
    try {
      // What a worker tells is checked by its type alone: both ends are this program.
      return await promise as StepResult<S>;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Ends all workers; what they do is lost. */
  stop(): void {
    for (const worker of this.#all) worker.end();
    this.#all.clear();
    this.#idle.length = 0;
  }

  async #runHere<S extends Step>(
    step: S,
    signal: AbortSignal,
  ): Promise<StepResult<S>> {
    const done = this.#slices.then(() => doStep(step, signal));
    this.#slices = done.then(() => {}, () => {});
    return await done;
  }

  #begin(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? this.#another();
      if (worker === null) return;
      void this.#give(worker, this.#waiting.shift()!);
    }
  }

  #another(): PooledWorker | null {
    if (this.#all.size >= this.#size || this.#open === null) return null;
    const worker = new PooledWorker(this.#open, (idle) => this.#forget(idle));
    this.#all.add(worker);
    return worker;
  }

  async #give(worker: PooledWorker, waiting: Waiting): Promise<void> {
    const { step, signal, resolve, reject } = waiting;
    try {
      if (!await worker.ready) {
        this.#forget(worker);
        await this.#withoutWorker(waiting);
        return;
      }
      this.#isProven = true;
      const answer = await worker.do(step, signal, this.#stepDeadlineMs);
      if (answer.type === "done") resolve(answer.result);
      else if (answer.type === "failed") {
        reject(
          answer.isUnreadable
            ? new UnreadableDocument(answer.message)
            : new Error(answer.message),
        );
      }
      this.#idle.push(worker);
      worker.rest();
    } catch (error) {
      this.#forget(worker);
      reject(error);
      if (error instanceof WorkerLost) {
        this.#log.warn("A worker was lost", { step: step.type, error });
      }
    } finally {
      this.#begin();
    }
  }

  /** A worker that never began: there are none here, unless others have. */
  async #withoutWorker(waiting: Waiting): Promise<void> {
    if (!this.#isProven && !this.#isInProcess) {
      this.#isInProcess = true;
      this.#log.warn("There are no workers here; documents are read in slices");
    }
    const others = this.#isInProcess ? this.#waiting.splice(0) : [];
    await Promise.all([waiting, ...others].map(async (each) => {
      try {
        each.resolve(await this.#runHere(each.step, each.signal));
      } catch (error) {
        each.reject(error);
      }
    }));
  }

  #forget(worker: PooledWorker): void {
    worker.end();
    this.#all.delete(worker);
    const place = this.#idle.indexOf(worker);
    if (place !== -1) this.#idle.splice(place, 1);
  }
}

/** One worker, and the step it has. */
class PooledWorker {
  readonly #worker: StepWorker | null;
  readonly #onIdle: (worker: PooledWorker) => void;
  readonly #ready = Promise.withResolvers<boolean>();
  #step: PromiseWithResolvers<WorkerAnswer> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    open: () => StepWorker,
    onIdle: (worker: PooledWorker) => void,
  ) {
    this.#onIdle = onIdle;
    try {
      this.#worker = open();
    } catch {
      this.#worker = null;
      this.#ready.resolve(false);
      return;
    }
    this.#timer = setTimeout(
      () => this.#ready.resolve(false),
      READY_DEADLINE_MS,
    );
    this.#worker.onmessage = ({ data }) => {
      if (data.type === "ready") {
        clearTimeout(this.#timer);
        this.#ready.resolve(true);
      } else this.#step?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      // Else it would end this process.
      event.preventDefault();
      clearTimeout(this.#timer);
      this.#ready.resolve(false);
      this.#step?.reject(new WorkerLost(`The worker ended: ${event.message}`));
    };
  }

  /** False: it does not begin. */
  get ready(): Promise<boolean> {
    return this.#ready.promise;
  }

  /** @throws {WorkerLost}, the signal's reason: the worker is of no use afterwards */
  async do(
    step: Step,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<WorkerAnswer> {
    clearTimeout(this.#timer);
    signal.throwIfAborted();
    const current = Promise.withResolvers<WorkerAnswer>();
    this.#step = current;
    const giveUp = () => current.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    this.#timer = setTimeout(
      () => current.reject(new WorkerLost("The worker did not end in time")),
      deadlineMs,
    );
    try {
      this.#worker?.postMessage(step, { transfer: buffersOf(step) });
      return await current.promise;
    } finally {
      this.#step = null;
      clearTimeout(this.#timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** It has no work; it ends if none comes. */
  rest(): void {
    const timer = setTimeout(() => this.#onIdle(this), IDLE_MS);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ready.resolve(false);
    this.#worker?.terminate();
  }
}

function buffersOf(step: Step): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const value of Object.values(step)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each instanceof Uint8Array) buffers.add(each.buffer as ArrayBuffer);
    }
  }
  return [...buffers];
}

/** Where the built program stands; the sources are beside it. */
const BUILT_FOLDER = "/_fresh/";

/** @throws where workers are missing or may not be begun */
function openWorker(): StepWorker {
  const here = import.meta.url;
  const built = here.lastIndexOf(BUILT_FOLDER);
  const address = built === -1
    ? new URL("./engine/step_worker.ts", here)
    : new URL(
      "lib/documents/engine/step_worker.ts",
      `${here.slice(0, built)}/`,
    );
  return new Worker(address, { type: "module", name: "documents" });
}
