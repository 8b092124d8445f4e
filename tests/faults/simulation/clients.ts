/** The clients of a simulated world: they ask, stop, go on and follow, and come back when a connection breaks. */
import { LOCAL_ASKER } from "@/lib/auth/asker.ts";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { AppError, StorageError } from "@/lib/errors.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { CommitWatch } from "./commit_watch.ts";
import { type CutPlace, Follower } from "./follower.ts";
import { ConnectionError } from "./host.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim_process.ts";
import type { Timeline } from "./timeline.ts";
import { QUESTION } from "./upstream.ts";

/** What the clients live in. */
export interface ClientWorld {
  timeline: Timeline;
  commits: CommitWatch;
  machines: readonly Machine[];
  random: () => number;
  fail: (what: string) => void;
}

/** How long a client waits for an answer, and before it comes again, in milliseconds. */
const ANSWER_MS = 20_000;
const COME_AGAIN_MS = 700;

/** How often a client sends its question. */
const ATTEMPTS = 4;

const context = {
  asker: LOCAL_ASKER,
  logger: silentLogger(),
  requestId: null,
  idempotencyKey: null,
};

export class Clients {
  readonly threads: string[] = [];
  readonly followers: Follower[] = [];
  readonly #world: ClientWorld;
  readonly #told = new Map<string, string>();
  #questions = 0;
  #waiting = 0;

  constructor(world: ClientWorld) {
    this.#world = world;
  }

  /** Whether somebody waits for the answer to a request. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** Asks a new question, with one id however often it is sent. */
  ask(
    machine: Machine,
    { thread, isFollowed }: { thread: number; isFollowed: boolean },
  ): void {
    const threadId = this.threads[thread % this.threads.length];
    const content = `${QUESTION}${this.#questions += 1}`;
    const input = { message: { id: newId("msg"), content } };
    void this.#send(machine, ATTEMPTS, async ({ chat }) => {
      const { run, message } = await chat.startRun(
        LOCAL_SPACE,
        threadId,
        input,
        context,
      );
      if (message.id !== input.message.id) {
        this.#world.fail(`[26] asked ${input.message.id}, got ${message.id}`);
      }
      return run;
    }).then((run) => {
      if (run === null) return;
      const asked = [...this.#world.commits.runs.values()]
        .filter(({ question }) => question === content);
      if (!asked.some(({ record }) => record.id === run.id)) {
        this.#world.fail(`[26] ${run.id} is told and not stored`);
      }
      if (isFollowed) this.#follow(machine, run.id, 0);
    });
  }

  regenerate(machine: Machine, index: number): void {
    const run = this.#run(index);
    if (run === null) return;
    void this.#send(machine, 1, ({ chat }) =>
      chat.startRun(
        LOCAL_SPACE,
        run.threadId,
        { regenerate: run.messageId },
        context,
      ));
  }

  /** Continue. */
  goOn(machine: Machine, index: number): void {
    const run = this.#run(index);
    if (run === null) return;
    void this.#send(
      machine,
      1,
      ({ chat }) => chat.continueRun(LOCAL_SPACE, run.id, context),
    );
  }

  stop(machine: Machine, index: number): void {
    const run = this.#run(index);
    if (run === null) return;
    void this.#send(
      machine,
      1,
      ({ chat }) => chat.cancelRun(LOCAL_SPACE, run.id),
    ).then((stopped) => {
      if (stopped !== null && !isEnded(stopped.status)) {
        this.#world.fail(`[6] ${run.id} was stopped, it is ${stopped.status}`);
      }
    });
  }

  follow(
    machine: Machine,
    { run: index, slowMs }: { run: number; slowMs: number },
  ): void {
    const run = this.#run(index);
    if (run !== null) this.#follow(machine, run.id, slowMs);
  }

  cut(
    machine: Machine,
    { follower: index, place }: { follower: number; place: CutPlace },
  ): void {
    const { length } = this.followers;
    if (length === 0 || machine.process === null) return;
    this.followers[index % length].cut(machine, place);
  }

  #follow(machine: Machine, runId: string, slowMs: number): void {
    const { timeline, commits, fail } = this.#world;
    const follower = new Follower(
      {
        timeline,
        commits,
        fail,
        pick: () => this.#pick(),
        told: this.#told,
      },
      runId,
      slowMs,
    );
    this.followers.push(follower);
    if (machine.process === null) follower.attachLater();
    else follower.attach(machine);
  }

  #run(index: number) {
    const runs = [...this.#world.commits.runs.values()];
    return runs.length === 0 ? null : runs[index % runs.length].record;
  }

  #pick(): Machine | null {
    const { machines, random } = this.#world;
    const ready = machines.filter(({ process }) => process !== null);
    return ready[Math.floor(random() * ready.length)] ?? null;
  }

  /** What the first process that answers says; null when it refuses, or none answers. */
  async #send<T>(
    first: Machine,
    attempts: number,
    call: (process: SimProcess) => Promise<T>,
  ): Promise<T | null> {
    const { timeline, fail } = this.#world;
    this.#waiting += 1;
    try {
      let machine: Machine | null = first;
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        if (attempt > 0) {
          await timeline.sleep(COME_AGAIN_MS);
          machine = this.#pick();
        }
        const process = machine?.process;
        if (!machine || !process) continue;
        try {
          return await machine.host.ask(() => call(process), ANSWER_MS);
        } catch (error) {
          if (!isExpected(error)) {
            fail(`Unexpected ${error instanceof Error ? error.stack : error}`);
          }
          if (isRefusal(error)) return null;
        }
      }
      return null;
    } finally {
      this.#waiting -= 1;
    }
  }
}

function isExpected(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  if (error instanceof StorageError) return true;
  return error instanceof AppError && error.status !== 500 &&
    error.code !== "not_found" && error.code !== "idempotency_key_reused";
}

/** The request itself is not possible now; to send it again would not help. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500;
}
