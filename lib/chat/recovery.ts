/**
 * What becomes of the runs of a process that has died: each is begun again here under the next epoch,
 * within a budget, else it is ended with the text that had reached the store.
 *
 * One of them may be what killed the process. So they are begun in growing groups, the next one as soon
 * as the last has survived for a second; a group that kills this process too is halved the next time.
 */
import { askerIn } from "@/lib/auth/asker.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { sleep } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import type { Budgets } from "@/lib/limits/budgets.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import type { RunStatus, Usage } from "@/lib/shared/wire.ts";
import type { LedgerStatus } from "@/lib/usage/ledger_row.ts";
import type { RunRecord } from "./records.ts";
import { type RestartBudget, restartOf } from "./restart.ts";
import { eventsFromText, textOf } from "./run_events.ts";
import type {
  LeftPages,
  OrphanedRun,
  RunClaimStore,
} from "./run_claim_store.ts";
import { type RunForm, toUsage } from "./run_execution.ts";
import { runFacts } from "./run_facts.ts";
import {
  attemptRow,
  costOf,
  isPaidElsewhere,
  NOTHING_PAID,
} from "./run_ledger.ts";
import type { BuiltRequest, RunRequests } from "./run_requests.ts";
import type { Runs } from "./runs.ts";
import type { ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";

/** An incarnation that can never write again. */
export interface DeadOwner {
  id: string;
  owned(): AsyncIterable<
    { kind: "r" | "j"; id: string; space: string; key: Deno.KvKey }
  >;
}

/** What to ask for a run, and in which form its events are; see `Attempt`. */
export interface AskedAgain {
  built: BuiltRequest;
  kept: string;
  form?: RunForm;
}

/** Knows what is to be asked for a run without a thread; null when that is not known any more. */
export type LooseRequests = (
  space: string,
  record: RunRecord,
) => Promise<AskedAgain | null>;

export interface RecoveryParts {
  claims: RunClaimStore;
  threads: ThreadStore;
  requests: RunRequests;
  looseRequests: LooseRequests;
  runs: Runs;
  prices: PriceList;
  /** Ends what a dead owner has reserved of budgets. */
  budgets?: Pick<Budgets, "bury">;
  observer?: RunObserver;
  log: Logger;
}

/** So long a group has to live before the next one begins, in milliseconds. */
const SURVIVAL_MS = 1_000;

/** How often is looked whether a run that was put off may begin, in milliseconds. */
const PLACE_POLL_MS = 250;

/** A run as it was found, and what it is to be told. */
interface Candidate {
  orphan: OrphanedRun;
  budget: RestartBudget;
}

export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #ended = new AbortController();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Begins no further group; what has begun goes on. */
  stop(): void {
    this.#ended.abort();
  }

  /** Takes over all runs of a dead owner; resolves when none is left. */
  async takeOver(dead: DeadOwner): Promise<void> {
    const { claims } = this.#parts;
    const left = await claims.readLeftPages(dead.id);
    const candidates = await this.#load(dead, left);
    const isPlanned = candidates.every(({ orphan }) =>
      orphan.record.isHandedOver
    );
    const putOff: Candidate[] = [];
    let groupSize = isPlanned ? candidates.length : 1;
    while (candidates.length > 0 && !this.#ended.signal.aborted) {
      const group = takeGroup(candidates, groupSize);
      const begun = await Promise.all(
        group.map((each) => this.#restart(each, group.length, left)),
      );
      putOff.push(...group.filter((_, index) => !begun[index]));
      if (candidates.length > 0) await this.#survive();
      groupSize = 2 * group.length;
    }
    await this.#restartPutOff(putOff, left);
    const isDone = candidates.length === 0 && putOff.length === 0;
    if (isDone) await claims.dropPages(left);
  }

  /**
   * Begins runs that came to this process by a commit of which it was never told: whoever asked has heard
   * that the store did not answer, and nobody executes them.
   */
  async adopt(own: DeadOwner): Promise<void> {
    const { claims } = this.#parts;
    for await (const { kind, id, space } of own.owned()) {
      if (kind !== "r" || !claims.takeUnsure(id)) continue;
      try {
        await this.#adopt(space, own.id, id);
      } catch (error) {
        claims.putUnsure(id);
        throw error;
      }
    }
  }

  async #adopt(space: string, owner: string, id: string): Promise<void> {
    const orphan = await this.#parts.claims.load(space, owner, id, []);
    if (orphan === null) return;
    if (orphan.isStopped) {
      const request = await this.#request(orphan);
      return await this.#end(orphan, "cancelled", request?.built ?? null);
    }
    const { crashes = 0, charged = 0, handovers = 0 } = orphan.record;
    // Nobody has died over it.
    const counts = { crashes, charged, handovers };
    const budget = { isLeft: true, groupLimit: 1, counts };
    const left = { slices: new Map(), keys: [] };
    const isOver = await this.#restart({ orphan, budget }, 1, left);
    // It is looked for again.
    if (!isOver) this.#parts.claims.putUnsure(id);
  }

  /** Ends a run at once that somebody has stopped, and whose owner nobody has taken over yet. */
  async stopOrphan(
    space: string,
    owner: string,
    id: string,
  ): Promise<void> {
    const { claims } = this.#parts;
    const left = await claims.readLeftPages(owner);
    const dead = { id: owner, owned: () => claims.owned(owner) };
    await this.#bury(owner, await this.#orphans(dead, left));
    const slices = left.slices.get(id) ?? [];
    const orphan = await claims.load(space, owner, id, slices);
    if (orphan === null) return;
    const request = await this.#request(orphan);
    await this.#end(orphan, "cancelled", request?.built ?? null);
  }

  async #survive(): Promise<void> {
    await sleep(this.#parts.claims.clock, SURVIVAL_MS, this.#ended.signal);
  }

  /** Ends at once what is not to be begun again, and gives back the rest. */
  async #load(dead: DeadOwner, left: LeftPages): Promise<Candidate[]> {
    const { claims } = this.#parts;
    const orphans = await this.#orphans(dead, left);
    await this.#bury(dead.id, orphans);
    const nowMs = claims.clock.now();
    const diedAtMs = await claims.lastSeen(dead.id) ?? nowMs;
    const candidates: Candidate[] = [];
    for (const orphan of orphans) {
      const budget = restartOf(orphan.record, {
        isAlone: orphans.length === 1,
        deadForMs: nowMs - diedAtMs,
      });
      const mayGoOn = budget.isLeft && !orphan.record.isAttached;
      if (mayGoOn && !orphan.isStopped) {
        candidates.push({ orphan, budget });
        continue;
      }
      const request = await this.#request(orphan);
      const status = orphan.isStopped ? "cancelled" : "interrupted";
      await this.#end(orphan, status, request?.built ?? null);
    }
    return candidates;
  }

  async #orphans(dead: DeadOwner, left: LeftPages): Promise<OrphanedRun[]> {
    const { claims } = this.#parts;
    const orphans: OrphanedRun[] = [];
    for await (const { kind, id, space, key } of dead.owned()) {
      if (kind !== "r") continue;
      const slices = left.slices.get(id) ?? [];
      const orphan = await claims.load(space, dead.id, id, slices);
      if (orphan === null) await claims.dropOwnership(key);
      else orphans.push(orphan);
    }
    return orphans;
  }

  /**
   * Ends what a dead owner has reserved of budgets, before any of its runs is taken over: whoever finds
   * that nobody has done so yet has all of them before him.
   */
  async #bury(
    dead: string,
    orphans: readonly OrphanedRun[],
  ): Promise<void> {
    const attempts = orphans.flatMap((orphan) => {
      const { record, space } = orphan;
      const row = this.#ledgerRow(orphan, null);
      if (record.reserve === undefined || row === null) return [];
      const { inputTokens, outputTokens, costMicroUsd } = row;
      return [{
        workspace: workspaceOf(space),
        note: record.reserve,
        estimate: {
          microUsd: costMicroUsd ?? 0,
          tokens: inputTokens + outputTokens,
        },
      }];
    });
    await this.#parts.budgets?.bury(dead, attempts);
  }

  /** Begins those for which there was no place, as places become free. */
  async #restartPutOff(putOff: Candidate[], left: LeftPages): Promise<void> {
    const { clock } = this.#parts.claims;
    const { signal } = this.#ended;
    while (putOff.length > 0 && !signal.aborted) {
      await sleep(clock, PLACE_POLL_MS, signal);
      for (const candidate of putOff.splice(0)) {
        const isOver = signal.aborted ||
          await this.#restart(candidate, 1, left);
        if (!isOver || signal.aborted) putOff.push(candidate);
      }
    }
  }

  /**
   * Begins a run again; one that cannot be is ended. False: as many answers are in the making as whoever
   * asked may have at once, so nothing was done.
   */
  async #restart(
    { orphan, budget }: Candidate,
    groupSize: number,
    left: LeftPages,
  ): Promise<boolean> {
    const { claims, runs, log } = this.#parts;
    const { space, record } = orphan;
    // Another process will have it.
    if (!runs.takesMore) return true;
    const request = await this.#request(orphan);
    if (request === null) {
      await this.#end(orphan, "interrupted", null);
      return true;
    }
    const { built, kept, form } = request;
    const asker = askerIn(space, record.askedBy);
    const limits = await runs.limits?.resume(asker, built.model);
    if (limits === null) return false;
    await runs.answers.prepareAgain(workspaceOf(space));
    let reserved: BudgetReservation | null;
    try {
      reserved = await runs.answers.reserveAgain(asker, built);
    } catch (error) {
      limits?.undo();
      if (!(error instanceof AppError) || error.status !== 402) throw error;
      log.warn("Answer is not begun again: a budget is spent", {
        run: record.id,
      });
      await this.#end(orphan, "interrupted", built);
      return true;
    }
    const owned = await claims.takeOver(
      orphan,
      {
        ...record,
        ...budget.counts,
        reserve: reserved?.note,
        isHandedOver: false,
        restartGroup: groupSize,
        epoch: record.epoch + 1,
        startedAt: new Date(claims.clock.now()).toISOString(),
      },
      this.#ledgerRow(orphan, built),
    ).catch((error) => {
      reserved?.release();
      limits?.undo();
      throw error;
    });
    if (owned === null) {
      reserved?.release();
      limits?.undo();
      // Another process has it, or somebody has stopped it in this moment.
      const slices = left.slices.get(record.id) ?? [];
      const now = await claims.load(
        space,
        record.owner,
        record.id,
        slices,
      );
      if (now?.isStopped) await this.#end(now, "cancelled", built);
      return true;
    }
    log.warn("Answer is begun again after the end of its process", {
      run: record.id,
      epoch: owned.record.epoch,
    });
    runs.begin({
      owned,
      prompt: built.request.messages,
      opened: runs.answers.openAgain(
        asker,
        built,
        record.cache ? "use" : "bypass",
        reserved,
      ),
      kept,
      logger: log,
      limits,
      form,
    });
    return true;
  }

  /** What to ask for a run; null when its thread or its model is gone, or nobody will ask again. */
  async #request(orphan: OrphanedRun): Promise<AskedAgain | null> {
    const { space, record } = orphan;
    if (record.isAttached) return null;
    return record.source === undefined
      ? await this.#threadRequest(orphan)
      : await this.#parts.looseRequests(space, record);
  }

  async #threadRequest(
    { space, record }: OrphanedRun,
  ): Promise<AskedAgain | null> {
    const { threads, requests, log } = this.#parts;
    const loaded = await threads.loadThread(space, record.threadId);
    if (loaded === null) return null;
    const tree = new MessageTree(
      await threads.readMessages(space, record.threadId),
    );
    const branch = tree.branch(record.questionId);
    if (branch.length === 0) return null;
    const before = record.continues ? tree.get(record.continues) : undefined;
    const [kept] = before === undefined
      ? [""]
      : await threads.readTexts([before.text]);
    try {
      const built = await requests.build(space, {
        thread: loaded.record,
        branch,
        question: null,
        kept,
        model: record.model,
        params: record.params,
      });
      return { built, kept };
    } catch (error) {
      log.warn("Answer cannot be begun again", { run: record.id, error });
      return null;
    }
  }

  async #end(
    orphan: OrphanedRun,
    status: RunStatus,
    built: BuiltRequest | null,
  ): Promise<void> {
    const { claims, log, prices } = this.#parts;
    const { record } = orphan;
    const text = textOf(orphan.events);
    const ended: RunRecord = {
      ...record,
      status,
      // Followers may have seen more than has reached the store, so the epoch rises.
      epoch: record.epoch + 1,
      usage: estimateOf(record, built, text),
      finishedAt: new Date(claims.clock.now()).toISOString(),
    };
    ended.costMicroUsd = isPaidElsewhere(record) ? 0 : costOf(prices, ended);
    ended.endSeq = eventsFromText(ended, text).length - 1;
    const row = this.#ledgerRow(orphan, built);
    if (await claims.end(orphan, ended, text, row)) {
      log.warn("Answer was ended after the end of its process", {
        run: record.id,
        status,
      });
      this.#tellObserver(orphan, ended, text);
    }
  }

  #tellObserver(
    { space, record, events }: OrphanedRun,
    ended: RunRecord,
    text: string,
  ): void {
    const totalMs = Date.parse(ended.finishedAt!) -
      Date.parse(record.startedAt);
    const row = attemptRow(ended, ended.status as LedgerStatus, {
      firstTokenMs: null,
      totalMs: Math.max(totalMs, 0),
    }, isPaidElsewhere(record) ? NOTHING_PAID : undefined);
    const facts = runFacts(ended, row, {
      space,
      servedModel: record.servedModel ?? null,
      attempts: [],
      chunks: events.length,
      bodies: () => ({ request: "", response: text }),
    });
    this.#parts.observer?.runEnded(facts, null);
  }

  /** The row of the dead owner's attempt, by estimate; one that was handed over has its row already. */
  #ledgerRow({ record, events }: OrphanedRun, built: BuiltRequest | null) {
    if (record.isHandedOver) return null;
    const { claims, prices } = this.#parts;
    const attempt: RunRecord = {
      ...record,
      usage: estimateOf(record, built, textOf(events)),
    };
    const isFree = isPaidElsewhere(record);
    attempt.costMicroUsd = isFree ? 0 : costOf(prices, attempt);
    const times = {
      firstTokenMs: null,
      totalMs: Math.max(
        claims.clock.now() - Date.parse(record.startedAt),
        0,
      ),
    };
    return attemptRow(
      attempt,
      "interrupted",
      times,
      isFree ? NOTHING_PAID : undefined,
    );
  }
}

/**
 * What an attempt has used that nobody has reported. What its prompt came to is known where budgets had to
 * be kept; they count the same.
 */
function estimateOf(
  { reserve }: RunRecord,
  built: BuiltRequest | null,
  text: string,
): Usage {
  const usage = toUsage(null, built?.request.messages ?? [], text);
  return reserve === undefined
    ? usage
    : { ...usage, inputTokens: reserve.inputTokens };
}

/** Takes the next group out: as many as may go together, and no more than any of them may go with. */
function takeGroup(candidates: Candidate[], size: number): Candidate[] {
  let most = size;
  let taken = 0;
  for (const { budget } of candidates) {
    most = Math.min(most, budget.groupLimit);
    if (taken + 1 > most && taken > 0) break;
    taken += 1;
  }
  return candidates.splice(0, Math.max(1, Math.min(taken, most)));
}
