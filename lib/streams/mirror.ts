/**
 * A run that another process executes, as far as its log has come: read once for all followers of this
 * process. The head of the owner's lane is the doorbell, so while nothing was written nothing is read.
 */
import { sleep } from "@/lib/clock.ts";
import type { Doorbell, Doorbells } from "@/lib/kv/doorbell.ts";
import { laneKey, lanesOf } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Fanout } from "./fanout.ts";
import { LiveRun, type PlacedEvent } from "./live_run.ts";
import { readSegments } from "./log_reader.ts";
import type { Position } from "./position.ts";

/** What a mirror needs to know of the run itself. */
export interface MirroredState {
  epoch: number;
  owner: string;
  /** Sequence number of the last event, once the run has ended. */
  endSeq: number | null;
}

/** Which run is mirrored, and how to learn of it. */
export interface MirrorSource {
  space: string;
  run: string;
  /** Reads the run's state; null when it is gone. */
  readState: () => Promise<MirroredState | null>;
  /** Tells the owner that somebody follows, so that it writes the run's log at every flush. */
  tellOwner: () => Promise<void>;
}

/** How often is looked whether a place has been reached, in milliseconds. */
const POLL_MS = 60;
/** How often the run's state is read although nothing rang. */
const STATE_MS = 1_000;
/** Followers are ahead of the log by two seconds at most. */
const REACH_MS = 2_500;
/** How often the owner is told again. */
const TELL_MS = 15_000;

/** What all mirrors of a process share. */
interface MirrorHouse {
  store: Store;
  doorbells: Doorbells;
  fanout: Fanout;
}

/** The mirrors of a process: one for each run that somebody follows. */
export class Mirrors {
  readonly #house: MirrorHouse;
  readonly #mirrors = new Map<string, Mirror>();

  constructor(store: Store, doorbells: Doorbells, fanout: Fanout) {
    this.#house = { store, doorbells, fanout };
  }

  /**
   * Reads the mirror of a run for as long as the callback's generator runs. Its run closes without a
   * last event when another owner has the run now, or the log does not have all of it.
   * @param place where the follower stands: it may have heard more from the owner than the log has yet
   */
  async *follow<T>(
    state: MirroredState,
    source: MirrorSource,
    place: Position | null,
    signal: AbortSignal,
    read: (live: LiveRun) => AsyncGenerator<T, void, void>,
  ): AsyncGenerator<T, void, void> {
    let mirror = this.#mirrors.get(source.run);
    if (mirror === undefined || mirror.live.closed) {
      mirror = new Mirror(state, { ...source, ...this.#house });
      this.#mirrors.set(source.run, mirror);
    }
    mirror.join();
    try {
      await mirror.reach(place, signal);
      yield* read(mirror.live);
    } finally {
      const isLast = mirror.leave();
      if (isLast && this.#mirrors.get(source.run) === mirror) {
        this.#mirrors.delete(source.run);
      }
    }
  }
}

class Mirror {
  readonly live: LiveRun;
  readonly #options: MirrorSource & MirrorHouse;
  readonly #ended = new AbortController();
  /** Resolves when the log has been read for the first time. */
  readonly #first = Promise.withResolvers<void>();
  #state: MirroredState;
  #followers = 0;

  constructor(state: MirroredState, options: MirrorSource & MirrorHouse) {
    this.#state = state;
    this.#options = options;
    const { run, fanout } = options;
    this.live = new LiveRun(run, state.epoch, fanout);
  }

  /** A follower comes; the first one makes the mirror read. */
  join(): void {
    this.#followers += 1;
    if (this.#followers === 1) {
      void this.#read().catch(() => {}).finally(() => {
        this.#first.resolve();
        this.live.abandon();
      });
    }
  }

  /** Resolves when the log has been read up to a place, or after a while: then it never had it. */
  async reach(place: Position | null, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.store;
    const giveUpAtMs = clock.monotonic() + REACH_MS;
    await this.#first.promise;
    const { live } = this;
    while (
      place !== null && place.epoch === live.epoch &&
      place.seq > live.lastSeq &&
      !live.closed && !signal.aborted && clock.monotonic() < giveUpAtMs
    ) await sleep(clock, POLL_MS, signal);
  }

  /** A follower goes. True: it was the last one, and the mirror is of no use any more. */
  leave(): boolean {
    this.#followers -= 1;
    if (this.#followers > 0) return false;
    this.#ended.abort();
    return true;
  }

  /** Reads until the run has ended, has another owner than before, or nobody follows. */
  async #read(): Promise<void> {
    const { doorbells } = this.#options;
    const bell = doorbells.add(laneKey(this.#state.owner, 0));
    try {
      await this.#readWhile(bell);
    } finally {
      bell.remove();
    }
  }

  async #readWhile(bell: Doorbell): Promise<void> {
    const { signal } = this.#ended;
    const { clock } = this.#options.store;
    let doorbell = "";
    let stateAtMs = clock.monotonic();
    let tellAtMs = -Infinity;
    await this.#readOn();
    this.#first.resolve();
    while (!this.live.closed && !signal.aborted) {
      const nowMs = clock.monotonic();
      if (nowMs >= tellAtMs) {
        tellAtMs = nowMs + TELL_MS;
        await this.#options.tellOwner();
      }
      const heads = await this.#readHeads();
      const isDue = nowMs - stateAtMs >= STATE_MS;
      if (heads !== doorbell || isDue) {
        if (!await this.#readState()) return;
        stateAtMs = nowMs;
        await this.#readOn();
        doorbell = heads;
        // Ended, and its last events are not in the log: whoever follows reads its text instead.
        if (this.#state.endSeq !== null) return;
      }
      await bell.wait(signal);
    }
  }

  async #readHeads(): Promise<string> {
    const { store } = this.#options;
    const heads = await Array.fromAsync(
      list(store, lanesOf(this.#state.owner)),
    );
    return heads.map(({ versionstamp }) => versionstamp).join();
  }

  /** False: the run is gone, or somebody else goes on with it. */
  async #readState(): Promise<boolean> {
    const state = await this.#options.readState();
    if (state === null) return false;
    const isSame = state.owner === this.#state.owner;
    this.#state = state;
    return isSame;
  }

  /** Takes over what the log has beyond what is known. */
  async #readOn(): Promise<void> {
    const { store, space, run } = this.#options;
    const { epoch } = this.#state;
    const isNewEpoch = epoch !== this.live.epoch;
    const events = await readSegments(
      store,
      { space, run, epoch },
      isNewEpoch ? -1 : this.live.lastSeq,
    );
    if (isNewEpoch && events.length > 0) this.live.restart(epoch);
    this.#append(events);
  }

  #append(events: readonly PlacedEvent[]): void {
    for (const { event } of events) {
      if (this.live.closed) return;
      this.live.append(event);
    }
  }
}
