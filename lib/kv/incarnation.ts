import { StorageError } from "@/lib/errors.ts";
import { fenceKey, laneKey } from "./keys.ts";
import { commit } from "./commit.ts";
import { holdLock, type IncarnationLock } from "./incarnation_lock.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import type { LaneHead } from "./lane_writer.ts";
import { assertWritable, type Store, type Versioned } from "./store.ts";
import { newToken } from "./token.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** Constant while an incarnation counts; deleted in the atomic that fences it. */
export interface FenceRecord extends Versioned {
  readonly v: 1;
  /** When it was born, milliseconds since 1970 UTC. */
  readonly start: number;
  readonly host: string;
  readonly build: string;
}

/** An incarnation owns a run or a job of a space. */
export interface OwnRecord extends Versioned {
  readonly v: 1;
  /** Space of the run or job. */
  readonly ws: string;
}

/** What a new incarnation says of itself, and how its lane is set. */
export interface IncarnationOptions {
  /** Name of the machine, for people. */
  host?: string;
  /** Build of the program, for people. */
  build?: string;
  lane?: Pick<LaneOptions, "soonMs" | "maxPendingBytes">;
  signal?: AbortSignal;
}

/** The lanes an incarnation has. */
const LANE = 0;

/** One start of a process: what owns runs and jobs, and can be taken over as a whole. */
export class Incarnation {
  readonly id: string;
  readonly lane: Lane;
  readonly #fenceVersionstamp: string;
  readonly #lock: IncarnationLock | null;

  constructor(
    id: string,
    lane: Lane,
    fenceVersionstamp: string,
    lock: IncarnationLock | null,
  ) {
    this.id = id;
    this.lane = lane;
    this.#fenceVersionstamp = fenceVersionstamp;
    this.#lock = lock;
  }

  /**
   * Adds the check that this incarnation still counts. Every unit that makes it an owner and does not
   * travel in its lane needs this.
   */
  checkFence(unit: UnitOfWork): UnitOfWork {
    return unit.check(fenceKey(this.id), this.#fenceVersionstamp);
  }

  /** Lets go of the lock of an incarnation that has been fenced. */
  async abandon(): Promise<void> {
    await this.#lock?.release();
  }

  /**
   * Ends in good order: drains the lane, then lets go of the lock, so the next process takes over what
   * is left at once. Whether all was written.
   */
  async release(deadlineMs: number): Promise<boolean> {
    try {
      return await this.lane.drain(deadlineMs);
    } finally {
      await this.#lock?.release();
    }
  }
}

/**
 * Begins an incarnation: its lock (on a file), then its fence key and the head of its lane in one
 * atomic.
 * @throws {StorageError} when the store takes no writes or does not answer
 */
export async function startIncarnation(
  store: Store,
  { host = "", build = "", lane = {}, signal }: IncarnationOptions = {},
): Promise<Incarnation> {
  assertWritable(store);
  const id = `inc_${newToken()}`;
  const lock = store.path === null ? null : await holdLock(store.path, id);
  try {
    const at = store.clock.now();
    const fence: FenceRecord = { v: 1, start: at, host, build };
    const head: LaneHead = { v: 1, n: 0, token: newToken(), at, state: "open" };
    const unit = new UnitOfWork()
      .guard(fenceKey(id), null, fence)
      .check(laneKey(id, LANE), null)
      .set(laneKey(id, LANE), head);
    const born = await commit(store, unit, { signal });
    if (!born.ok) {
      throw new StorageError(`Incarnation "${id}" exists already`);
    }
    const { versionstamp } = born;
    return new Incarnation(
      id,
      new Lane(store, { ...lane, key: laneKey(id, LANE), versionstamp, n: 0 }),
      versionstamp,
      lock,
    );
  } catch (error) {
    await lock?.release();
    throw error;
  }
}
