/** Questions and the runs that answer them, as the routes use them. */
import type { Caller } from "@/lib/auth/caller.ts";
import { programSpace, type Space, userSpace } from "@/lib/shared/spaces.ts";
import { isAtLeast } from "@/lib/auth/roles.ts";
import { AppError } from "@/lib/errors.ts";
import type { Message, Run } from "@/lib/shared/wire.ts";
import type { Tail } from "@/lib/streams/durable/piece.ts";
import type { After } from "@/lib/streams/follow.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { type RunRecord, toMessage, toRun } from "./records.ts";
import { notFound } from "./refusals.ts";
import { textOf } from "./run_events.ts";
import type { Recovery } from "./recovery.ts";
import type { RunClaimStore } from "./run_claim_store.ts";
import type { RunFollow } from "./run_follow.ts";
import { checkMessage, type NewRun, type StreamInput } from "./run_input.ts";
import type { RunSource } from "./run_requests.ts";
import type { RunStarts, StartContext, StartedRun } from "./run_starts.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import type { ThreadStore } from "./thread_store.ts";

/** How long Stop waits for a run of another process to end, in milliseconds. */
const STOP_DEADLINE_MS = 15_000;

export interface ChatParts {
  threads: ThreadStore;
  store: RunStore;
  claims: RunClaimStore;
  runs: Runs;
  starts: RunStarts;
  follow: RunFollow;
  recovery: Recovery;
  newThreads: NewThreads;
}

/** Makes the thread of a question that comes without one. */
export interface NewThreads {
  create(
    space: string,
    input: { model?: string },
    idempotencyKey: string | null,
  ): Promise<{ id: string }>;
}

export class Chat {
  readonly #parts: ChatParts;

  constructor(parts: ChatParts) {
    this.#parts = parts;
  }

  /**
   * Asks a question, or an old one again. Resolves when the question and the run are in the store; the
   * answer goes on by itself. The same `message.id` or `Idempotency-Key` gives the run that is there.
   * @throws {AppError} 404 for an unknown thread, parent or model, 409 `thread_busy`,
   * 413 `message_too_large`, 400 `message_empty`, 422 `idempotency_key_reused`
   */
  async startRun(
    space: string,
    threadId: string,
    input: NewRun,
    context: StartContext,
  ): Promise<{ run: Run; message: Message }> {
    return await this.#started(
      space,
      await this.#parts.starts.ask(space, threadId, input, context),
    );
  }

  /**
   * Asks in a thread, or in a new one.
   * @throws {AppError} as `startRun`
   */
  async stream(
    space: string,
    { query, model, threadId }: StreamInput,
    context: StartContext,
  ): Promise<{ run: Run; message: Message }> {
    checkMessage(query);
    const { newThreads } = this.#parts;
    const { idempotencyKey } = context;
    const thread = threadId ??
      (await newThreads.create(space, { model }, idempotencyKey)).id;
    const input = { message: { content: query }, model };
    return await this.startRun(space, thread, input, context);
  }

  /**
   * Has the rest of an answer written that was stopped, interrupted, or has failed. An interrupted run
   * goes on itself, under its next epoch; any other state is final, so a new run gives another answer
   * to the same question that begins with the text there is.
   * @throws {AppError} 404 `not_found`, 409 `thread_busy` or `run_not_continuable`
   */
  async continueRun(
    space: string,
    runId: string,
    context: StartContext,
  ): Promise<{ run: Run; message: Message }> {
    return await this.#started(
      space,
      await this.#parts.starts.goOn(space, runId, context),
    );
  }

  async #started(
    space: string,
    { run, message, text, tree }: StartedRun,
  ): Promise<{ run: Run; message: Message }> {
    const siblings = tree.siblings(message);
    return {
      run: toRun(run, await this.#outputText(space, run)),
      message: toMessage(
        message,
        text,
        siblings.includes(message.id) ? siblings : [...siblings, message.id],
      ),
    };
  }

  /** A run with its text so far; null when there is none. */
  async getRun(space: string, runId: string): Promise<Run | null> {
    const record = await this.#parts.store.readRun(space, runId);
    if (record === null) return null;
    const { threads } = this.#parts;
    if (await threads.loadThread(space, record.threadId) === null) {
      return null;
    }
    return toRun(record, await this.#outputText(space, record));
  }

  /**
   * The pieces of documents that the model of a run was given.
   * @throws {AppError} 404 `not_found`
   */
  async runSources(space: string, runId: string): Promise<RunSource[]> {
    const { store, threads } = this.#parts;
    const record = await store.readRun(space, runId);
    const isThere = record !== null &&
      await threads.loadThread(space, record.threadId) !== null;
    if (!isThere) throw notFound("run");
    return [...record.sources ?? []];
  }

  async #outputText(space: string, record: RunRecord): Promise<string> {
    const { runs, store, threads } = this.#parts;
    const live = runs.live(record.id);
    if (live !== null && live.epoch === record.epoch) return live.text;
    if (!isEnded(record.status)) {
      const stored = await store.readRunEvents(space, record.id);
      return textOf(stored?.events ?? []);
    }
    const message = await threads.readMessage(
      space,
      record.threadId,
      record.messageId,
    );
    return message === null ? "" : (await threads.readTexts([message.text]))[0];
  }

  /** What a message of a thread says; null when it is not there. */
  async textOf(
    space: string,
    threadId: string,
    messageId: string,
  ): Promise<string | null> {
    const { threads } = this.#parts;
    const message = await threads.readMessage(space, threadId, messageId);
    return message === null
      ? null
      : (await threads.readTexts([message.text]))[0];
  }

  /** @throws {AppError} 404 `not_found` */
  async requireRun(space: string, runId: string): Promise<Run> {
    const run = await this.getRun(space, runId);
    if (run === null) throw notFound("run");
    return run;
  }

  /**
   * Where a run is that a user may see in a page: among their own, or one that a program has begun by a
   * key of theirs; an admin sees every program's.
   * @throws {AppError} 404 `not_found`
   */
  async spaceOfRun(
    { workspace, user, role }: Pick<Caller, "workspace" | "user" | "role">,
    runId: string,
  ): Promise<Space> {
    const { store, runs } = this.#parts;
    const own = userSpace(workspace, user);
    const programs = programSpace(workspace);
    const [mine, stored] = await Promise.all([
      store.readRun(own, runId),
      store.readRun(programs, runId),
    ]);
    if (mine !== null || runs.executed(own, runId) !== null) return own;
    const record = stored ?? runs.executed(programs, runId);
    if (record === null) throw notFound("run");
    const isTheirs = record.askedBy?.user === user;
    if (isTheirs || isAtLeast(role, "admin")) return programs;
    throw notFound("run");
  }

  /**
   * Where a run is that a program may see: one that any program of its workspace has begun, or one of
   * its user's own.
   */
  async spaceOfProgramRun(
    { workspace, user }: Pick<Caller, "workspace" | "user">,
    runId: string,
  ): Promise<Space> {
    const programs = programSpace(workspace);
    const { store, runs } = this.#parts;
    const isProgram = runs.executed(programs, runId) !== null ||
      await store.readRun(programs, runId) !== null;
    return isProgram ? programs : userSpace(workspace, user);
  }

  /** Whether a follower at this place has heard the end of the run: nothing will follow. */
  async hasHeardEnd(
    space: string,
    runId: string,
    after: After,
  ): Promise<boolean> {
    if (after === null || after === "unknown") return false;
    const record = await this.#parts.store.readRun(space, runId);
    return record !== null && record.endSeq !== null &&
      after.epoch === record.epoch && after.seq === record.endSeq;
  }

  /** Follows a run from a place to its end; see `RunFollow.follow`. */
  follow(
    space: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void> {
    return this.#parts.follow.follow(space, runId, after, signal);
  }

  /** Makes sure that there is such a run; see `RunFollow.assertRun`. */
  async assertRun(space: string, runId: string): Promise<void> {
    await this.#parts.follow.assertRun(space, runId);
  }

  /** Where the newest event of a run is; see `RunFollow.tail`. */
  async tail(space: string, runId: string): Promise<Tail | null> {
    return await this.#parts.follow.tail(space, runId);
  }

  /**
   * Waits for the end of a run, so long at most.
   * @throws {AppError} 404 `not_found`
   */
  async waitForRun(
    space: string,
    runId: string,
    deadlineMs: number,
  ): Promise<Run> {
    await this.#parts.follow.untilEnded(space, runId, deadlineMs);
    return await this.requireRun(space, runId);
  }

  /**
   * Stops a run, in whatever process it is executed, and resolves when its end is in the store; one that
   * has ended stays as it is.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here` when the process that executes it does not
   *   react
   */
  async cancelRun(space: string, runId: string): Promise<Run> {
    const run = await this.requireRun(space, runId);
    if (isEnded(run.status)) return run;
    await this.stopRun(space, runId);
    const stopped = await this.requireRun(space, runId);
    if (isEnded(stopped.status)) return stopped;
    throw new AppError({
      status: 503,
      code: "run_not_here",
      message:
        "The process that writes the answer does not react. It will be stopped as soon as it does, or is replaced.",
      retryable: true,
    });
  }

  /** Stops a run as far as that can be done; see `cancelRun`. */
  async stopRun(space: string, runId: string): Promise<void> {
    const { claims, follow, recovery, runs } = this.#parts;
    if (await runs.cancel(runId)) return;
    const asked = await claims.requestStop(space, runId);
    // Meanwhile it may have come to this process, by a takeover.
    if (asked.state === "moved" && await runs.cancel(runId)) return;
    if (asked.state === "gone") {
      await recovery.stopOrphan(space, asked.owner, runId);
    }
    await follow.untilEnded(space, runId, STOP_DEADLINE_MS);
  }
}
