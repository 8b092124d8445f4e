/** What people set of alerts: rules, silences. Each change is in the audit log. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import {
  type AlertRuleSettings,
  alertRulesSchema,
} from "@/lib/config/alerts.ts";
import { AppError, invalidRequest } from "@/lib/errors.ts";
import type { AlertOwner } from "@/lib/shared/wire.ts";
import { ALERT_EVENTS, spaceOf, testEvents } from "./alert_events.ts";
import type { AlertSettingsRecord, Silence } from "./alert_record.ts";
import { effectiveAlerts, knownIds } from "./alert_rules.ts";
import { scopeOf } from "./alert_scopes.ts";
import type { AlertSettingsStore } from "./alert_settings_store.ts";

export interface AlertSettingsParts {
  store: AlertSettingsStore;
  configured: readonly AlertRuleSettings[];
}

/** Which alert is meant by somebody who silences it. */
export interface SilenceTarget {
  scope: AlertOwner;
  rule: string;
  /** Null: all that the rule stands for. */
  series: string | null;
}

type AlertEvent = Parameters<
  AlertSettingsStore["set"]
>[3][number]["event"];

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

const SAVE_ATTEMPTS = 5;
/** Longest silence, in milliseconds: 30 days. */
const LONGEST_SILENCE_MS = 30 * 86_400_000;
const MAX_SILENCES = 200;

export class AlertSettings {
  readonly #parts: AlertSettingsParts;

  constructor(parts: AlertSettingsParts) {
    this.#parts = parts;
  }

  /** Rules of a scope, as they were set by people. */
  async edited(
    caller: Caller,
    owner: AlertOwner,
  ): Promise<readonly AlertRuleSettings[]> {
    const { value } = await this.#parts.store.get(scopeOf(caller, owner));
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
      const { value, versionstamp } = await store.get(scope);
      const { record, events } = change(
        value ?? { v: 1, version: 0, rules: [], silences: [] },
      );
      const { token: _, ...clean } = record;
      const told = events.map((event) => ({ space: spaceOf(scope), event }));
      if (await store.set(scope, versionstamp, clean, told)) return;
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

function unknownRule(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such rule.",
  });
}
