/**
 * Alerts for those who look at them. What concerns the whole server is for those who run it (owners and
 * admins of the first workspace); what concerns a workspace for its owners and admins.
 */
import type { Caller } from "@/lib/auth/caller.ts";
import type { AlertRuleSettings } from "@/lib/config/alerts.ts";
import { invalidRequest } from "@/lib/errors.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type {
  Alert,
  AlertRuleList,
  EndedAlert,
  Page,
} from "@/lib/shared/wire.ts";
import { SERVER_SCOPE } from "./alert_record.ts";
import { type AlertRule, effectiveAlerts } from "./alert_rules.ts";
import { scopesOf } from "./alert_scopes.ts";
import type { AlertSettingsStore } from "./alert_settings_store.ts";
import type { AlertStore } from "./alert_store.ts";
import type { AlertValues } from "./alert_values.ts";
import { byUrgency, toAlert, toEndedAlert, toShownRule } from "./alert_view.ts";

export interface AlertsParts {
  store: AlertStore;
  settings: Pick<AlertSettingsStore, "get">;
  values: Pick<AlertValues, "read">;
  configured: readonly AlertRuleSettings[];
}

/** What fires, as short as the head of a page wants it. */
export interface FiringSummary {
  count: number;
  /** The most urgent ones. */
  alerts: Pick<Alert, "title" | "severity">[];
}

const SUMMARY_ALERTS = 3;

export class Alerts {
  readonly #parts: AlertsParts;

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

  /** What fires and is not silenced. A page is shown without it rather than not at all. */
  async summary(caller: Caller): Promise<FiringSummary> {
    const found = await this.current(caller).catch(() => []);
    const firing = found.filter(({ state, silencedUntil }) =>
      state === "firing" && silencedUntil === null
    );
    return {
      count: firing.length,
      alerts: firing.slice(0, SUMMARY_ALERTS)
        .map(({ title, severity }) => ({ title, severity })),
    };
  }

  async #currentOf(scope: string, signal?: AbortSignal): Promise<Alert[]> {
    const { store, settings } = this.#parts;
    const [states, { value }] = await Promise.all([
      store.states(scope, signal),
      settings.get(scope, signal),
    ]);
    const nowMs = store.clock.now();
    const silences = value?.silences ?? [];
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
    const { store, settings, configured } = this.#parts;
    const nowMs = store.clock.now();
    const versions: AlertRuleList["versions"] = { server: null, workspace: 0 };
    const found = await Promise.all(
      scopesOf(caller).map(async (scope) => {
        const [{ value }, states] = await Promise.all([
          settings.get(scope, signal),
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
    const { settings, configured } = this.#parts;
    const { value } = await settings.get(SERVER_SCOPE, signal);
    return effectiveAlerts("server", configured, value?.rules ?? []);
  }
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
