/** Kinds of jobs: what their input is, how much of them goes on at a time, and who does them. */
import type * as z from "zod";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { JobAsker, JobPriority } from "./job_record.ts";

/** What a handler is told, and what it tells. */
export interface JobContext<Input> {
  /** `job_` id: constant over all attempts, so that what is done outside the store shows as a repeat. */
  id: string;
  space: string;
  /** Number of this attempt; the first is 1. */
  attempt: number;
  input: Input;
  /** Who asked for it; null: whose space it is, or the program itself. */
  askedBy: JobAsker | null;
  /** Aborts when the job is cancelled, its deadline has passed, or it is not this process's any more. */
  signal: AbortSignal;
  log: Logger;
  /**
   * Tells how far the job is. It may be called as often as one likes: what is stored is the newest, a few
   * times a second, and never less than before.
   * @param value from 0 to 1
   */
  progress(value: number, message?: string): void;
}

/** What a job has come to. */
export interface JobOutcome {
  /** JSON. */
  result?: unknown;
  /** Changes in the store that count if and only if the job ends with them. */
  effects?: UnitOfWork;
}

/** What somebody must be, beyond a member. */
export type JobNeeds = "admin" | "operator";

export interface JobKind<Input = unknown> {
  /** Noun and verb, for example `thread.export`. */
  readonly kind: string;
  readonly input: z.ZodType<Input>;
  /** What people read of one: "Export of “River levels”". Text without markup, 120 characters at most. */
  describe(input: Input): string;
  /** Whether who asked is notified of its end; of the end of others only where it is a failure. */
  readonly notifies?: boolean;
  /** Whether people may enqueue it over `/api/jobs`, or the program alone. */
  readonly isPublic: boolean;
  /**
   * What whoever asks for one must be, beyond a member: an admin of the workspace, or one of the first
   * workspace, who runs this server. Its handler looks again: they may be it no longer.
   */
  readonly needs?: JobNeeds;
  /** What it takes beyond that with this input. */
  needsFor?(input: Input): JobNeeds | undefined;
  readonly priority: JobPriority;
  readonly maxAttempts: number;
  /** How long an attempt may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Jobs of this kind that one process executes at a time. */
  readonly perProcess: number;
  /** Of these, those of one workspace. */
  readonly perWorkspace: number;
  /**
   * @throws {JobRefusal} when no further attempt can help
   * @throws {JobDelay} to be tried again at a time of its own; after anything else that is up to the queue
   */
  handle(context: JobContext<Input>): Promise<JobOutcome>;
}

/**
 * A job whose kind knows better than its queue when to try again: after a time that a receiver has asked
 * for, by delays of its own, or once something it needs is free.
 */
export class JobDelay extends Error {
  override readonly name = "JobDelay";

  /**
   * @param afterMs how long it waits, in milliseconds
   * @param isCharged whether this was an attempt that has failed; else it counts as not begun
   */
  constructor(
    message: string,
    readonly afterMs: number,
    readonly isCharged: boolean,
  ) {
    super(message);
  }
}

/** A job that no further attempt can mend. */
export class JobRefusal extends Error {
  override readonly name = "JobRefusal";
}

export class JobKinds {
  readonly #kinds = new Map<string, JobKind>();

  /** @throws {TypeError} for a name that is taken */
  add<Input>(kind: JobKind<Input>): void {
    if (this.#kinds.has(kind.kind)) {
      throw new TypeError(`There are two kinds of jobs "${kind.kind}"`);
    }
    this.#kinds.set(kind.kind, kind as JobKind);
  }

  get(kind: string): JobKind | null {
    return this.#kinds.get(kind) ?? null;
  }

  get all(): readonly JobKind[] {
    return [...this.#kinds.values()];
  }
}
