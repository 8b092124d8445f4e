/**
 * Titles: after the first answer of a thread a cheap model names it. Until then, and when that fails,
 * a thread is called by the first line of its question. What its owner calls it always wins.
 */
import { userOf } from "@/lib/shared/spaces.ts";
import { askerIn } from "@/lib/auth/asker.ts";
import type { TitleSettings } from "@/lib/config/file.ts";
import { DEMO_MODEL } from "@/lib/llm/demo/provider.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { ServedModel } from "./choose_model.ts";
import { promptTokens, type RunBudgets } from "./run_budget.ts";
import { chooseTitleModel, type TitleModels } from "./title_model.ts";
import { askForTitle, type TitleAnswer } from "./title_request.ts";
import type { TitleMaterial, TitleStore } from "./title_store.ts";
import { cleanTitle, toTitlePrompt } from "./title_text.ts";

/** What making titles depends on. */
export interface TitleParts {
  store: TitleStore;
  models: TitleModels;
  prices: PriceList;
  settings: TitleSettings;
  /** Null: there are no budgets to keep. */
  budgets?: Pick<RunBudgets, "reserve"> | null;
  /** Writes a row to the ledger, and ends what was reserved for it; resolves once it is there. */
  recordUsage: (
    space: string,
    row: LedgerRow,
    reserved?: BudgetReservation,
  ) => Promise<unknown>;
  log: Logger;
  /** From the beginning of a title to its end, in milliseconds; 15 s by default. */
  deadlineMs?: number;
}

const DEADLINE_MS = 15_000;
/** Titles made at the same time. */
const MAX_AT_ONCE = 2;
/** Threads that may wait for a title; more keep the line of their question. */
const MAX_WAITING = 200;

/** What a model gets that does not think aloud. In some languages a word takes several tokens. */
const SHORT = { max_tokens: 32, temperature: 0.2 };
/** For a model that was cut off in its thoughts. */
const LONG = { max_tokens: 1_024, temperature: 0.2 };
/** OpenAI's thinking models take neither `max_tokens` nor `temperature` and say so with 400. */
const THINKING = { max_completion_tokens: 1_024, reasoning_effort: "low" };

export class Titles {
  readonly #parts: TitleParts;
  readonly #pending = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();
  /** Parameters that models have turned out to want, by provider and model. */
  readonly #wanted = new Map<string, Record<string, unknown>>();
  #atOnce = 0;

  constructor(parts: TitleParts) {
    this.#parts = parts;
  }

  /**
   * Called when a run of the thread has ended as completed, as often as wanted: makes a title if the
   * thread has none of its own yet. Resolves when that is over, for good or ill, and never rejects.
   */
  afterAnswer(
    space: string,
    threadId: string,
    runId: string,
  ): Promise<void> {
    if (!this.#parts.settings.enabled || this.#closing.signal.aborted) {
      return Promise.resolve();
    }
    const place = `${space} ${threadId}`;
    const there = this.#pending.get(place);
    if (there !== undefined) return there;
    const log = this.#parts.log.with({ thread: threadId, run: runId });
    if (this.#pending.size === MAX_WAITING) {
      log.debug("Too many threads wait for a title");
      return Promise.resolve();
    }
    const work = this.#make(space, threadId, runId, log)
      .catch((error) => log.debug("Title could not be made", { error }))
      .finally(() => this.#pending.delete(place));
    this.#pending.set(place, work);
    return work;
  }

  /** Whether the process goes down, and titles are left to the next one. */
  get isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Whether an answer may lead to a title: the thread has none, and may get one. */
  async isWanted(space: string, threadId: string): Promise<boolean> {
    const { settings, store } = this.#parts;
    return settings.enabled && await store.isWanted(space, threadId);
  }

  /**
   * Ends what is being made; resolves when its usage has been recorded, or when the deadline has
   * passed, in milliseconds.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, deadlineMs);
    await Promise.race([Promise.all(this.#pending.values()), late.promise]);
    clearTimeout(timer);
  }

  async #make(
    space: string,
    threadId: string,
    runId: string,
    log: Logger,
  ): Promise<void> {
    const { store, deadlineMs = DEADLINE_MS } = this.#parts;
    await this.#enter();
    try {
      const signal = AbortSignal.any([
        AbortSignal.timeout(deadlineMs),
        this.#closing.signal,
      ]);
      const material = await store.load(space, threadId, runId, signal);
      if (material === null) return;
      const served = await this.#choose(material, signal);
      if (served === null) return;
      const title = await this.#ask(space, material, served, signal, log);
      if (title === null) return;
      const isSet = await store.setTitle(
        space,
        threadId,
        runId,
        title,
        signal,
      );
      log.debug(isSet ? "Title was made" : "Title came too late", {
        model: served.id,
      });
    } finally {
      this.#leave();
    }
  }

  /** Null: the demo, which finds pages and names nothing. */
  async #choose(
    { run }: TitleMaterial,
    signal: AbortSignal,
  ): Promise<ServedModel | null> {
    const { models, prices, settings } = this.#parts;
    const { model, provider } = run;
    if (provider === null || provider === DEMO_MODEL.provider) return null;
    const answeredBy = { model, provider };
    const served = await chooseTitleModel(
      models,
      prices,
      settings.model,
      answeredBy,
      signal,
    );
    return served.provider.id === DEMO_MODEL.provider ? null : served;
  }

  /** Asks, and once more with other parameters where the first ones were the reason for no title. */
  async #ask(
    space: string,
    material: TitleMaterial,
    served: ServedModel,
    signal: AbortSignal,
    log: Logger,
  ): Promise<string | null> {
    const messages = toTitlePrompt(material.question, material.answer);
    const name = `${served.provider.id}/${served.model}`;
    const run = newId("run");
    let params: Record<string, unknown> = this.#wanted.get(name) ?? SHORT;
    for (let epoch = 1;; epoch += 1) {
      signal.throwIfAborted();
      // Who has nothing left to spend keeps the line of the question.
      const reserved = await this.#parts.budgets?.reserve(
        askerIn(space, material.run.askedBy),
        {
          model: served.id,
          targets: [{ provider: served.provider.id, model: served.model }],
          inputTokens: promptTokens(messages),
          params,
        },
      );
      const answer = await askForTitle(
        served.provider,
        { model: served.model, messages, params, retries: epoch === 1 ? 1 : 0 },
        signal,
        this.#closing.signal,
      );
      await this.#record(
        space,
        material,
        served,
        { run, epoch, reserved },
        answer,
      );
      const title = answer.failure === null ? cleanTitle(answer.text) : null;
      if (title !== null) {
        if (epoch > 1) this.#wanted.set(name, params);
        return title;
      }
      const other = epoch === 1 && params === SHORT
        ? otherParams(answer)
        : null;
      if (other === null) {
        log.debug("Model gave no title", {
          model: served.id,
          error: answer.failure ?? undefined,
        });
        return null;
      }
      params = other;
    }
  }

  async #record(
    space: string,
    { run: { threadId } }: TitleMaterial,
    served: ServedModel,
    { reserved, ...attempt }: {
      run: string;
      epoch: number;
      reserved: BudgetReservation | undefined;
    },
    answer: TitleAnswer,
  ): Promise<void> {
    const { usage, startedAt } = answer;
    const provider = served.provider.id;
    const cost = this.#parts.prices.cost(
      served.id,
      usage,
      new Date(startedAt),
      provider,
    );
    await this.#parts.recordUsage(space, {
      ...attempt,
      request: null,
      thread: threadId,
      user: userOf(space),
      key: null,
      model: served.id,
      provider,
      source: "title",
      status: answer.status,
      ...usage,
      costMicroUsd: cost?.microUsd ?? null,
      error: answer.error,
      startedAt,
      firstTokenMs: answer.firstTokenMs,
      totalMs: answer.totalMs,
      cache: null,
    }, reserved);
  }

  async #enter(): Promise<void> {
    if (this.#atOnce < MAX_AT_ONCE) {
      this.#atOnce += 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever waits longest takes the place that becomes free. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#atOnce -= 1;
    else next();
  }
}

/** What to ask with instead, or null when that would not help. */
function otherParams(answer: TitleAnswer): Record<string, unknown> | null {
  if (answer.failure === null) return LONG;
  return answer.error === "provider_refused" ? THINKING : null;
}
