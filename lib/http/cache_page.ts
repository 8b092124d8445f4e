/** The page of kept answers: what the cache holds and has done, looked into and purged. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import type { Purge } from "@/lib/cache/response_cache.ts";
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import { chatCompletionSchema } from "@/lib/gateway/chat/input.ts";
import type { CacheLookup, KeptAnswer } from "@/lib/shared/wire.ts";
import type { UsageTotals } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import {
  cursorOf,
  placeOf,
  purgeSchema,
  toKeptAnswer,
  toKeptDetails,
  toPurge,
} from "./cache_input.ts";
import { lookUpKept } from "./cache_lookup.ts";
import { attemptForm, FormRefused } from "./task_form.ts";

const PAGE_ANSWERS = 25;
const DAYS = 30;
const DAY_MS = 86_400_000;

/** How long what is beside the list may take; a late one is shown as missing. In milliseconds. */
const READING_MS = 1_500;

/** Largest form: a request that somebody has pasted. */
export const MAX_CACHE_FORM_BYTES = 3_000_000;

const KEY = /^[0-9a-f]{64}$/;

export interface CachePage {
  answers: KeptAnswer[];
  nextCursor: string | null;
  isFirst: boolean;
  /** Of the workspace in the last 30 days; null: it came too late. */
  usage: UsageTotals | null;
  /** Of this process, for who runs the server. */
  process: {
    answers: number;
    bytes: number;
    maxBytes: number;
    hits: number;
    asked: number;
  } | null;
  settings: { policy: string; scope: string; ttlSeconds: number };
}

export async function loadCachePage(
  { caller, services }: State,
  cursor: string | null,
  signal: AbortSignal,
): Promise<CachePage> {
  const { answers, usage, store } = services;
  const late = AbortSignal.any([signal, AbortSignal.timeout(READING_MS)]);
  const nowMs = store.clock.now();
  const question = {
    fromMs: nowMs - DAYS * DAY_MS,
    toMs: nowMs,
    bucket: "day",
    timeZone: "UTC",
    groupBy: null,
    filters: {},
    series: 0,
  } as const;
  const [found, totals] = await Promise.all([
    answers.cache.page(
      caller.workspace,
      placeOf(cursor),
      PAGE_ANSWERS + 1,
      signal,
    ),
    usage.query.ask(caller.workspace, question, late).then(
      ({ totals }) => totals,
      () => null,
    ),
  ]);
  const shown = found.slice(0, PAGE_ANSWERS);
  const { settings, inMemory, outcomes } = answers.report();
  const { bypass: _, ...asked } = outcomes;
  const isOperator = caller.isOperator && mayActAs(caller, "admin");
  return {
    answers: shown.map(toKeptAnswer),
    nextCursor: found.length > PAGE_ANSWERS
      ? cursorOf(shown[PAGE_ANSWERS - 1])
      : null,
    isFirst: cursor === null,
    usage: totals,
    process: isOperator
      ? {
        ...inMemory,
        maxBytes: settings.l1Bytes,
        hits: outcomes["hit-l1"] + outcomes["hit-l2"],
        asked: Object.values(asked).reduce((sum, count) => sum + count, 0),
      }
      : null,
    settings,
  };
}

/** The answer under a key that the address names; null: it names none. */
export async function lookUpNamed(
  { caller, services: { answers } }: State,
  { searchParams }: URL,
  signal: AbortSignal,
): Promise<CacheLookup | null> {
  const key = searchParams.get("key") ?? "";
  if (!KEY.test(key)) return null;
  const found = await answers.cache.describe(caller.workspace, key, signal);
  return { keys: [key], items: found === null ? [] : [toKeptDetails(found)] };
}

/** What somebody looks for: a key, or a request as JSON. @throws {FormRefused} */
export async function lookUpTyped(
  state: State,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<CacheLookup> {
  const text = form.get("what")?.trim() ?? "";
  const { caller, services: { answers } } = state;
  if (KEY.test(text)) {
    const found = await answers.cache.describe(caller.workspace, text, signal);
    return {
      keys: [text],
      items: found === null ? [] : [toKeptDetails(found)],
    };
  }
  const input = chatCompletionSchema.safeParse(readJsonText(text));
  if (!input.success) {
    throw new FormRefused(400, {
      values: { what: text },
      errors: {
        what:
          "Want a key of 64 letters and digits, or the JSON body of a chat completion with model and messages",
      },
    });
  }
  return await attemptForm(form, () => lookUpKept(state, input.data, signal));
}

function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Removes what a form says. @returns how many @throws {FormRefused} */
export async function purgeBy(
  { caller, services: { answers, auditLog } }: State,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<number> {
  const purge = purgeOf(form);
  return await attemptForm(form, async () => {
    const event = auditEvent("data.deleted", {
      ...by(caller),
      subject: "cache",
      details: { kind: "kept answers" },
    });
    await auditLog.record(caller.workspace, event, signal);
    return await answers.cache.purge(caller.workspace, purge, signal);
  });
}

function purgeOf(form: URLSearchParams): Purge {
  const what = form.get("purge");
  const model = form.get("model")?.trim() ?? "";
  const body = what === "key"
    ? { key: form.get("key") ?? "" }
    : what === "model"
    ? { model }
    : { all: true };
  const isKnown = what === "key" || what === "model" || what === "all";
  const parsed = purgeSchema.safeParse(body);
  if (isKnown && parsed.success) return toPurge(parsed.data);
  if (what === "model") {
    throw new FormRefused(400, {
      values: { model },
      errors: { model: "Name a model, such as openai/gpt-5" },
    });
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
