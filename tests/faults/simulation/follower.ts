/**
 * A client that follows a run as a browser does: it keeps its place, comes back when its connection is
 * gone, and believes what it is told. What it is told is held against all other followers and the store:
 * one byte string for each place (3), the stored text (4), no end that is not stored (5).
 */
import type { Position } from "@/lib/streams/position.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import type { After } from "@/lib/streams/follow.ts";
import type { CommitWatch } from "./commit_watch.ts";
import type { Timeline } from "./timeline.ts";

/** How a follower says where it goes on after a cut. */
export type CutPlace = "last" | "earlier" | "beyond" | "garbage" | "nothing";

/** A process as a follower sees it. */
export interface FollowedProcess {
  /** Runs something there, if and when the process goes on. */
  deliver(callback: () => void): void;
  onDeath(callback: () => void): void;
  follow(
    space: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void>;
}

/** What the followers of a world share. */
export interface FollowerWorld {
  timeline: Timeline;
  commits: CommitWatch;
  fail(what: string): void;
  /** Some process that takes connections; null while there is none. */
  pick(): FollowedProcess | null;
  /** What each place was told as, by run and place. */
  told: Map<string, string>;
}

const COME_BACK_MS = 250;

interface Connection {
  process: FollowedProcess;
  abort: AbortController;
}

export class Follower {
  readonly runId: string;
  readonly #world: FollowerWorld;
  /** How long it takes over each batch. */
  readonly #slowMs: number;
  #connection: Connection | null = null;
  #place: Position | null = null;
  #text = "";
  /** Length of the text at each place of the epoch, from 0 on. */
  #lengths: number[] = [];
  #hasEnded = false;

  constructor(world: FollowerWorld, runId: string, slowMs: number) {
    this.#world = world;
    this.runId = runId;
    this.#slowMs = slowMs;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Connects to a process. */
  attach(process: FollowedProcess, after: After = this.#place): void {
    const connection = { process, abort: new AbortController() };
    this.#connection = connection;
    process.onDeath(() => this.#lost(connection));
    process.deliver(() => void this.#read(connection, after));
  }

  /** Cuts the connection and goes on elsewhere, from the place or one that is none. */
  cut(process: FollowedProcess, place: CutPlace): void {
    if (this.#hasEnded) return;
    this.#hangUp();
    this.attach(process, this.#after(place));
  }

  #after(place: CutPlace): After {
    const known = this.#place;
    if (known === null) return place === "garbage" ? "unknown" : null;
    switch (place) {
      case "last":
        return known;
      case "earlier": {
        const seq = known.seq >> 1;
        this.#lengths = this.#lengths.slice(0, seq + 1);
        this.#text = this.#text.slice(0, this.#lengths[seq]);
        return this.#place = { epoch: known.epoch, seq };
      }
      case "beyond":
        return { epoch: known.epoch, seq: known.seq + 1_000 };
      case "garbage":
        return "unknown";
      case "nothing":
        this.#place = null;
        return null;
    }
  }

  #hangUp(): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection === null) return;
    connection.process.deliver(() => connection.abort.abort());
  }

  #lost(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.attachLater();
  }

  /** Connects as soon as there is a process. */
  attachLater(): void {
    const comeBack = () => {
      if (this.#connection !== null || this.#hasEnded) return;
      const process = this.#world.pick();
      if (process === null) {
        this.#world.timeline.after(COME_BACK_MS, comeBack);
      } else this.attach(process);
    };
    this.#world.timeline.after(COME_BACK_MS, comeBack);
  }

  async #read(connection: Connection, after: After): Promise<void> {
    const { process, abort } = connection;
    const { space } = this.#world.commits.runs.get(this.runId)!;
    const batches = process.follow(space, this.runId, after, abort.signal);
    try {
      for await (const batch of batches) {
        if (this.#connection !== connection) return;
        for (const placed of batch) this.#take(placed);
        if (this.#slowMs > 0) {
          await this.#world.timeline.sleep(this.#slowMs);
          await new Promise<void>((resolve) => process.deliver(resolve));
        }
      }
    } catch {
      // The response breaks off; a client comes back.
    }
    if (!this.#hasEnded) this.#lost(connection);
  }

  #take({ position, event }: PlacedEvent): void {
    const { epoch, seq } = position;
    const { fail } = this.#world;
    if (this.#hasEnded) return fail(`[5] ${this.runId}: told after its end`);
    // Says that the store does not answer; it is none of the run's events, and the client comes back.
    const isFarewell = event.event === "error" &&
      event.data.code === "storage_unavailable";
    if (isFarewell) return;
    if (event.event === "reset" || event.event === "start") {
      if (seq !== 0) fail(`[3] ${this.runId} ${epoch}.${seq}: ${event.event}`);
      if (this.#place !== null && epoch < this.#place.epoch) {
        fail(`[3] ${this.runId}: from epoch ${this.#place.epoch} to ${epoch}`);
      }
      if (event.event === "start" && this.#place !== null) {
        fail(`[4] ${this.runId}: begins again without a reset`);
      }
      this.#text = "";
      this.#lengths = [];
    } else if (epoch !== this.#place?.epoch || seq !== this.#place.seq + 1) {
      const { epoch: from = 0, seq: to = 0 } = this.#place ?? {};
      fail(`[4] ${this.runId}: ${epoch}.${seq} follows ${from}.${to}`);
    }
    this.#place = position;
    this.#compare(position, event);
    if (event.event === "chunk") this.#text += event.data.content;
    this.#lengths[seq] = this.#text.length;
    if (event.event === "done" || event.event === "error") {
      this.#hasEnded = true;
      this.#hearEnd(position, event);
    }
  }

  /** A reset that only says that a place is not known has the place of the opening event. */
  #compare({ epoch, seq }: Position, event: PlacedEvent["event"]): void {
    if (seq === 0) return;
    const { told, fail } = this.#world;
    const place = `${this.runId} ${epoch}.${seq}`;
    const json = JSON.stringify(event);
    const before = told.get(place);
    if (before === undefined) told.set(place, json);
    else if (before !== json) fail(`[3] ${place}: ${before} and ${json}`);
  }

  #hearEnd({ epoch, seq }: Position, event: PlacedEvent["event"]): void {
    const { commits, fail } = this.#world;
    const end = commits.runs.get(this.runId)?.ends.get(epoch);
    const place = `${this.runId} ${epoch}.${seq}`;
    if (end === undefined) return fail(`[5] ${place}: end is not stored`);
    const status = event.event === "done" ? event.data.status : "failed";
    if (end.status !== status || end.endSeq !== seq) {
      fail(`[5] ${place} ${status}, stored ${end.endSeq} ${end.status}`);
    }
    if (end.text !== this.#text) {
      fail(`[4] ${place}: heard "${this.#text}", stored "${end.text}"`);
    }
  }
}
