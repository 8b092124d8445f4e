/** The rules that hold: those of the program, changed by the config file, changed by admins. */
import { DEFAULT_ALERTS } from "@/lib/config/alert_defaults.ts";
import {
  type AlertRuleSettings,
  type AlertWhere,
  parseDuration,
  type Severity,
} from "@/lib/config/alerts.ts";
import {
  type AlertMetricName,
  type AlertScope,
  metricOf,
} from "@/lib/shared/alert_metrics.ts";
import type { AlertCondition } from "./alert_state.ts";

/** Who has set a rule last: the program itself, the config file, or somebody by the page or the API. */
export type RuleSource = "default" | "config" | "edited";

/** A rule with nothing left open. Lengths of time as they are written: `30s`, `5m`. */
export interface AlertRule {
  id: string;
  scope: AlertScope;
  source: RuleSource;
  metric: AlertMetricName;
  title: string;
  window: string;
  above: number | null;
  below: number | null;
  for: string;
  clearFor: string;
  severity: Severity;
  enabled: boolean;
  minRequests: number;
  where: AlertWhere;
  next: string;
  href: string;
}

const DEFAULT_WINDOW = "5m";
const DEFAULT_FOR = "0s";
/** Being well for a moment is no recovery. */
const LEAST_CLEAR = "30s";
/** How far on the good side of its limit a value has to be, so that one that wavers does not come and go. */
const CLEAR_MARGIN = 0.1;
/** How many windows without a value make an alert unknown, and how long at least, in milliseconds. */
const BLIND_WINDOWS = 3;
const LEAST_BLIND_MS = 15 * 60_000;

/** Which scope the program's own rule of an id has. */
function scopeOfDefault({ metric }: AlertRuleSettings): AlertScope {
  return metricOf(metric!).scopes[0];
}

/** Rules of the program that are about a scope. */
export function defaultsOf(scope: AlertScope): AlertRuleSettings[] {
  return DEFAULT_ALERTS.filter((rule) => scopeOfDefault(rule) === scope);
}

/** Rules of the config file that are about a scope: what they measure says which; new ones are the server's. */
function configuredOf(
  scope: AlertScope,
  configured: readonly AlertRuleSettings[],
): AlertRuleSettings[] {
  return configured.filter((rule) => {
    const changed = DEFAULT_ALERTS.find(({ id }) => id === rule.id);
    const metric = rule.metric ?? changed?.metric;
    return metric !== undefined && metricOf(metric).scopes[0] === scope;
  });
}

/** Ids of the rules that a scope has before anybody edits them. */
export function knownIds(
  scope: AlertScope,
  configured: readonly AlertRuleSettings[],
): Set<string> {
  return new Set(
    [...defaultsOf(scope), ...configuredOf(scope, configured)]
      .map(({ id }) => id),
  );
}

/** The rules of a scope, in the order in which they were thought of. */
export function effectiveAlerts(
  scope: AlertScope,
  configured: readonly AlertRuleSettings[],
  edited: readonly AlertRuleSettings[],
): AlertRule[] {
  const merged = new Map<
    string,
    { settings: AlertRuleSettings; source: RuleSource }
  >();
  const layers: [RuleSource, readonly AlertRuleSettings[]][] = [
    ["default", defaultsOf(scope)],
    ["config", configuredOf(scope, configured)],
    ["edited", edited],
  ];
  for (const [source, layer] of layers) {
    for (const rule of layer) {
      const before = merged.get(rule.id)?.settings;
      merged.set(rule.id, { settings: change(before, rule), source });
    }
  }
  return [...merged.values()].flatMap(({ settings, source }) => {
    const rule = complete(scope, source, settings);
    return rule === null ? [] : [rule];
  });
}

/** What a rule says now that some of it is said anew. */
function change(
  before: AlertRuleSettings | undefined,
  rule: AlertRuleSettings,
): AlertRuleSettings {
  // Words and measures of another thing are not kept.
  const base = rule.metric === undefined || rule.metric === before?.metric
    ? before
    : undefined;
  const changed = { ...base, ...rule };
  if (rule.above !== undefined) delete changed.below;
  if (rule.below !== undefined) delete changed.above;
  return changed;
}

/** Null: nothing says what it watches, such as what is left of a rule that a version no longer has. */
function complete(
  scope: AlertScope,
  source: RuleSource,
  { id, metric: name, ...rule }: AlertRuleSettings,
): AlertRule | null {
  const { above = null, below = null } = rule;
  if (name === undefined || (above === null && below === null)) return null;
  const metric = metricOf(name);
  if (!metric.scopes.includes(scope)) return null;
  const forText = rule.for ?? DEFAULT_FOR;
  return {
    id,
    scope,
    source,
    metric: name,
    title: rule.title ?? metric.trouble,
    window: rule.window ?? DEFAULT_WINDOW,
    above,
    below,
    for: forText,
    clearFor: rule.clearFor ??
      (durationMs(forText) < durationMs(LEAST_CLEAR) ? LEAST_CLEAR : forText),
    severity: rule.severity ?? "warning",
    enabled: rule.enabled ?? true,
    minRequests: rule.minRequests ?? 1,
    where: rule.where ?? {},
    next: rule.next ?? metric.next,
    href: rule.href ?? hrefOf(name, rule.where),
  };
}

/** The page of what is watched, narrowed to the requests that count. */
function hrefOf(name: AlertMetricName, where: AlertWhere = {}): string {
  const { href, source } = metricOf(name);
  if (source !== "usage" || !/^\/admin\/(usage|requests)/.test(href)) {
    return href;
  }
  const [path, query = ""] = href.split("?");
  const params = new URLSearchParams(query);
  for (const [dimension, value] of Object.entries(where)) {
    if (value !== undefined) params.set(dimension, value);
  }
  return `${path}?${params}`;
}

/** A length of time that a schema has let pass, in milliseconds. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}

/** The limit of a rule. */
export function limitOf({ above, below }: AlertRule): number {
  return above ?? below ?? 0;
}

/** When a rule fires and when it is over. */
export function conditionOf(rule: AlertRule): AlertCondition {
  const limit = limitOf(rule);
  const bad = rule.above === null ? "below" : "above";
  const margin = Math.abs(limit) * CLEAR_MARGIN;
  return {
    bad,
    limit,
    clearAt: bad === "above" ? limit - margin : limit + margin,
    forMs: durationMs(rule.for),
    clearForMs: durationMs(rule.clearFor),
    blindForMs: Math.max(
      BLIND_WINDOWS * durationMs(rule.window),
      LEAST_BLIND_MS,
    ),
  };
}
