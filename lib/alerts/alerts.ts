/**
 * Alerts for those who look at them. What concerns the whole server is for those who run it (owners and
 * admins of the first workspace); what concerns a workspace for its owners and admins.
 */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import {
  type AlertRuleSettings,
  alertRulesSchema,
} from "@/lib/config/alerts.ts";
import { AppError, invalidRequest } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type {
  Alert,
  AlertOwner,
  AlertRuleList,
  EndedAlert,
  Page,
} from "@/lib/shared/wire.ts";
import { ALERT_EVENTS, spaceOf, testEvents } from "./alert_events.ts";
import {
  type AlertSettingsRecord,
  SERVER_SCOPE,
  type Silence,
} from "./alert_record.ts";
import { type AlertRule, effectiveAlerts, knownIds } from "./alert_rules.ts";
import type { AlertStore } from "./alert_store.ts";
import type { AlertValues } from "./alert_values.ts";
import { byUrgency, toAlert, toEndedAlert, toShownRule } from "./alert_view.ts";

export interface AlertsParts {
  store: AlertStore;
  values: Pick<AlertValues, "read">;
  configured: readonly AlertRuleSettings[];
}

/** Which alert is meant by somebody who silences it. */
export interface SilenceTarget {
  scope: AlertOwner;
  rule: string;
  /** Null: all that the rule stands for. */
  series: string | null;
}

/** What fires, as short as the head of a page wants it. */
export interface FiringSummary {
  count: number;
  /** The most urgent ones. */
  alerts: Pick<Alert, "title" | "severity">[];
}

type AlertEvent = Parameters<AlertStore["setSettings"]>[3][number]["event"];

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

const SAVE_ATTEMPTS = 5;
/** Longest silence, in milliseconds: 30 days. */
const LONGEST_SILENCE_MS = 30 * 86_400_000;
/** For so long the head of a page may show what was read before, in milliseconds. */
const SUMMARY_MS = 2_000;
const SUMMARY_ALERTS = 3;
const MAX_SILENCES = 200;

export class Alerts {
  readonly #parts: AlertsParts;
  readonly #summaries = new Map<
    string,
    { atMs: number; alerts: Promise<Alert[]> }
  >();

  constructor(parts: AlertsParts) {
    this.#parts = parts;
  }

  /** What fires and what is about to, the most urgent first. */
  async current(caller: Caller, signal?: AbortSignal): Promise<Alert[]> {
    const found = await Promise.all(
      scopesOf(caller).map((scope) => this.#currentOf(scope, signal)),
    );
    return found.flat().sort(byUrgency);
  }

  /** What fires and is not silenced, at most two seconds old. */
  async summary(caller: Caller): Promise<FiringSummary> {
    const { clock } = this.#parts.store;
    const nowMs = clock.monotonic();
    const found = await Promise.all(
      scopesOf(caller).map((scope) => {
        const there = this.#summaries.get(scope);
        if (there !== undefined && nowMs - there.atMs < SUMMARY_MS) {
          return there.alerts;
        }
        // A page is shown without its alerts rather than not at all.
        const alerts = this.#currentOf(scope).catch(() => []);
        this.#summaries.set(scope, { atMs: nowMs, alerts });
        return alerts;
      }),
    );
    const firing = found.flat()
      .filter(({ state, silencedUntil }) =>
        state === "firing" && silencedUntil === null
      )
      .sort(byUrgency);
    return {
      count: firing.length,
      alerts: firing.slice(0, SUMMARY_ALERTS)
        .map(({ title, severity }) => ({ title, severity })),
    };
  }

  async #currentOf(scope: string, signal?: AbortSignal): Promise<Alert[]> {
    const { store } = this.#parts;
    const [states, settings] = await Promise.all([
      store.states(scope, signal),
      store.settings(scope, signal),
    ]);
    const nowMs = store.clock.now();
    const silences = settings.value?.silences ?? [];
    return states.map((record) => toAlert(record, silences, nowMs));
  }

  /** What fired and is over, the latest first; kept for 90 days. */
  async history(
    caller: Caller,
    { limit, cursor }: PageQuery,
    signal?: AbortSignal,
  ): Promise<Page<EndedAlert>> {
    const before = cursor === null ? null : readCursor(cursor);
    const found = await Promise.all(
      scopesOf(caller).map((scope) =>
        this.#parts.store.ended(scope, before, limit + 1, signal)
      ),
    );
    const inOrder = found.flat().sort((one, other) =>
      other.place.atMs - one.place.atMs ||
      (one.place.mark < other.place.mark ? 1 : -1)
    );
    const last = inOrder.length > limit ? inOrder[limit - 1].place : null;
    return {
      items: inOrder.slice(0, limit).map(({ record }) => toEndedAlert(record)),
      nextCursor: last === null ? null : btoa(
        encodeURIComponent(JSON.stringify([last.atMs, last.mark])),
      ),
    };
  }

  /**
   * All rules that the caller may change.
   * @param hasValues whether to say what each measures now, which may take half a second
   */
  async rules(
    caller: Caller,
    signal?: AbortSignal,
    hasValues = true,
  ): Promise<AlertRuleList> {
    const { store, configured } = this.#parts;
    const nowMs = store.clock.now();
    const versions: AlertRuleList["versions"] = { server: null, workspace: 0 };
    const found = await Promise.all(
      scopesOf(caller).map(async (scope) => {
        const [{ value }, states] = await Promise.all([
          store.settings(scope, signal),
          store.states(scope, signal),
        ]);
        const owner = scope === SERVER_SCOPE ? "server" : "workspace";
        versions[owner] = value?.version ?? 0;
        const silences = value?.silences ?? [];
        const rules = effectiveAlerts(owner, configured, value?.rules ?? []);
        const values = hasValues
          ? await this.#parts.values.read(scope, rules, signal)
          : [];
        return rules.map((rule, index) =>
          toShownRule(rule, states, silences, values[index] ?? null, nowMs)
        );
      }),
    );
    return { items: found.flat(), versions };
  }

  /** The rules of the server that hold now. @throws {StorageError} */
  async serverRules(signal?: AbortSignal): Promise<AlertRule[]> {
    const { store, configured } = this.#parts;
    const { value } = await store.settings(SERVER_SCOPE, signal);
    return effectiveAlerts("server", configured, value?.rules ?? []);
  }

  /** Rules of a scope, as they were set by people. */
  async edited(
    caller: Caller,
    owner: AlertOwner,
  ): Promise<readonly AlertRuleSettings[]> {
    const { value } = await this.#parts.store.settings(scopeOf(caller, owner));
    return value?.rules ?? [];
  }

  /**
   * Adds a rule, or changes what is said of one.
   * @throws {AppError} 400 `invalid_request`; 403 `forbidden`; what `accept` throws
   */
  async saveRule(
    caller: Caller,
    owner: AlertOwner,
    rule: AlertRuleSettings,
    accept: AcceptVersion,
  ): Promise<void> {
    const { configured } = this.#parts;
    await this.#changeRules(caller, owner, rule.id, accept, (rules) => {
      const next = [...rules.filter(({ id }) => id !== rule.id), rule];
      const parsed = alertRulesSchema(knownIds(owner, configured))
        .safeParse(next);
      if (!parsed.success) {
        const { path, message } = parsed.error.issues[0];
        throw invalidRequest(String(path[1] ?? "id"), message);
      }
      const isThere = effectiveAlerts(owner, configured, next)
        .some(({ id }) => id === rule.id);
      if (!isThere) {
        throw invalidRequest(
          "metric",
          `“${rule.metric ?? rule.id}” can be watched for the ${
            owner === "server" ? "workspace" : "server"
          } only`,
        );
      }
      return next;
    });
  }

  /**
   * Takes back what people have said of a rule: one of the program or of the config file is again as it is
   * there; another one is gone.
   * @throws {AppError} 404 `not_found` when nobody has set it; what `accept` throws
   */
  async resetRule(
    caller: Caller,
    owner: AlertOwner,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    await this.#changeRules(caller, owner, id, accept, (rules) => {
      if (!rules.some((rule) => rule.id === id)) throw unknownRule();
      return rules.filter((rule) => rule.id !== id);
    });
  }

  async #changeRules(
    caller: Caller,
    owner: AlertOwner,
    id: string,
    accept: AcceptVersion,
    change: (rules: readonly AlertRuleSettings[]) => AlertRuleSettings[],
  ): Promise<void> {
    const scope = scopeOf(caller, owner);
    await this.#change(scope, (settings) => {
      accept(settings.version);
      const rules = change(settings.rules);
      const find = (list: readonly AlertRuleSettings[]) =>
        list.find((rule) => rule.id === id);
      const before = find(settings.rules);
      const after = find(rules);
      return {
        record: { ...settings, version: settings.version + 1, rules },
        events: [auditEvent("settings.changed", {
          ...by(caller),
          subject: `alert:${id}`,
          details: {
            change: after === undefined ? "alert reset" : "alert set",
            before: before === undefined ? null : JSON.stringify(before),
            after: after === undefined ? null : JSON.stringify(after),
          },
        })],
      };
    });
  }

  /**
   * Nobody is told that an alert fires until a time; null ends a silence.
   * @param untilMs milliseconds since 1970 UTC, at most 30 days ahead
   * @throws {AppError} 400 `invalid_request`; 403 `forbidden`; 404 `not_found`
   */
  async silence(
    caller: Caller,
    { scope: owner, rule, series }: SilenceTarget,
    untilMs: number | null,
  ): Promise<void> {
    const { store, configured } = this.#parts;
    const scope = scopeOf(caller, owner);
    const nowMs = store.clock.now();
    if (
      untilMs !== null &&
      !(untilMs > nowMs && untilMs <= nowMs + LONGEST_SILENCE_MS)
    ) throw invalidRequest("minutes", "must be from 1 minute to 30 days");
    await this.#change(scope, (settings) => {
      const found = effectiveAlerts(owner, configured, settings.rules)
        .find(({ id }) => id === rule);
      if (found === undefined) throw unknownRule();
      const others = settings.silences.filter((silence) =>
        silence.untilMs > nowMs &&
        !(silence.rule === rule && covers(series, silence.series))
      );
      const silences: Silence[] = untilMs === null ? others : [...others, {
        rule,
        series,
        untilMs,
        by: caller.user,
        atMs: nowMs,
      }];
      if (silences.length > MAX_SILENCES) {
        throw invalidRequest("rule", "is one silence too many");
      }
      const until = untilMs === null ? null : new Date(untilMs).toISOString();
      return {
        record: { ...settings, silences },
        events: [
          {
            type: ALERT_EVENTS.silenced,
            at: nowMs,
            subject: rule,
            data: { rule, scope, series, until, headline: found.title },
          },
          auditEvent("settings.changed", {
            ...by(caller),
            subject: `alert:${rule}`,
            details: { change: "alert silenced", before: null, after: until },
          }),
        ],
      };
    });
    this.#summaries.delete(scope);
  }

  /**
   * Tells of an alert that is none, to everybody who is told of those of a scope.
   * @throws {AppError} 403 `forbidden`
   */
  async test(caller: Caller, owner: AlertOwner): Promise<void> {
    const scope = scopeOf(caller, owner);
    const nowMs = this.#parts.store.clock.now();
    await this.#change(scope, (settings) => ({
      record: settings,
      events: testEvents(scope, nowMs),
    }));
  }

  async #change(
    scope: string,
    change: (settings: AlertSettingsRecord) => {
      record: AlertSettingsRecord;
      events: AlertEvent[];
    },
  ): Promise<void> {
    const { store } = this.#parts;
    for (let attempt = 0; attempt < SAVE_ATTEMPTS; attempt += 1) {
      const { value, versionstamp } = await store.settings(scope);
      const { record, events } = change(
        value ?? { v: 1, version: 0, rules: [], silences: [] },
      );
      const { token: _, ...clean } = record;
      const told = events.map((event) => ({ space: spaceOf(scope), event }));
      if (await store.setSettings(scope, versionstamp, clean, told)) return;
    }
    throw new AppError({
      status: 409,
      code: "conflict",
      message: "Somebody else sets alerts at the moment.",
      retryable: true,
    });
  }
}

/** Whether a silence of one covers what another one is about. */
function covers(one: string | null, other: string | null): boolean {
  return one === null || one === other;
}

/** The scopes whose alerts somebody may see and change. */
function scopesOf({ isOperator, workspace }: Caller): string[] {
  return isOperator ? [SERVER_SCOPE, workspace] : [workspace];
}

/** @throws {AppError} 403 `forbidden` for the server's, for those who do not run it */
function scopeOf(caller: Caller, owner: AlertOwner): string {
  if (owner === "workspace") return caller.workspace;
  if (caller.isOperator) return SERVER_SCOPE;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "This takes an admin of the server.",
  });
}

function unknownRule(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such rule.",
  });
}

function readCursor(cursor: string): { atMs: number; mark: string } {
  try {
    const [atMs, mark] = JSON.parse(decodeURIComponent(atob(cursor)));
    if (Number.isFinite(atMs) && typeof mark === "string") {
      return { atMs, mark };
    }
  } catch {
    // What cannot be read is refused below.
  }
  throw invalidRequest("cursor", "is not one that a page has given");
}
