/** The section `alerts` of the config file: what is watched, and when somebody is told. */
import * as z from "zod";
import {
  ALERT_METRIC_NAMES,
  type AlertMetricName,
} from "@/lib/shared/alert_metrics.ts";
import { DEFAULT_ALERT_IDS } from "./alert_defaults.ts";

const MAX_RULES = 200;
const MAX_TEXT = 500;

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Longest window and longest time that something has to hold. */
const LONGEST_MS = 7 * UNITS_MS.d;

/** A length of time such as `30s`, `5m`, `1h` or `7d`, in milliseconds; null: it is none. */
export function parseDuration(text: string): number | null {
  const parts = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  if (parts === null) return null;
  const ms = Number(parts[1]) * UNITS_MS[parts[2] as keyof typeof UNITS_MS];
  return ms <= LONGEST_MS ? ms : null;
}

const duration = (least: number) =>
  z.string().refine((text) => (parseDuration(text) ?? -1) >= least, {
    error: `want a length of time such as "30s", "5m", "1h" or "1d"${
      least > 0 ? ", longer than nothing" : ""
    }, at most 7d`,
  });

const text = (what: string, most = MAX_TEXT) =>
  z.string().trim().min(1).max(most).optional().describe(what);

/** How bad it is. `info` shows on the pages and to webhooks; nobody is notified. */
export const SEVERITIES = ["info", "warning", "critical"] as const;

export type Severity = typeof SEVERITIES[number];

const whereSchema = z.strictObject({
  model: text("Name of a model", 200),
  provider: text("Id of a provider", 200),
  user: text("Id of a person", 200),
  key: text("Id of an API key", 200),
  group: text("Id of a group", 200),
  source: text("Where requests come from, such as v1", 200),
}).partial();

/** Of which requests the usage counts; without a member: all. */
export type AlertWhere = z.output<typeof whereSchema>;

/** Id of a rule. */
export const alertIdSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: "want a to z, digits, - and _, at most 63 of them",
});

const limit = z.number().min(-1e15).max(1e15);

/** What a rule may say; of a rule that is there already, what is missing stays as it is. */
const ruleFields = {
  metric: z.enum(ALERT_METRIC_NAMES as [AlertMetricName, ...AlertMetricName[]])
    .describe("What is watched"),
  title: text("What people read when it fires", 120),
  window: duration(1).describe("Over which time it is measured, such as 5m"),
  above: limit.describe("It fires above this value"),
  below: limit.describe("It fires below this value"),
  for: duration(0).describe("How long it has to hold before it fires"),
  clearFor: duration(0).describe(
    "How long it has to be well again before it counts as over",
  ),
  severity: z.enum(SEVERITIES).describe("How bad it is"),
  enabled: z.boolean().describe("Whether it is watched"),
  minRequests: z.int().min(1).max(1_000_000_000)
    .describe("Fewer requests than this in the window say nothing"),
  where: whereSchema.describe("Of which requests the usage counts"),
  next: text("What to do when it fires"),
  href: z.string().regex(/^\/(?![/\\])\S{0,300}$/, {
    error: "want a page of this server, such as /admin/usage",
  }).describe("Page that shows more"),
};

/** A rule as it is written down: its id, and what differs from the rule of that id that is there. */
export const alertRuleSchema = z.strictObject({
  id: alertIdSchema.describe(
    "Name of the rule; that of a rule that is there changes it",
  ),
  ...ruleFields,
}).partial().required({ id: true }).refine(
  ({ above, below }) => above === undefined || below === undefined,
  { error: "give above or below, not both", path: ["above"] },
);

export type AlertRuleSettings = z.output<typeof alertRuleSchema>;

/** Rules on top of those that `known` names: each id once, and a new one says what it watches. */
export function alertRulesSchema(known: ReadonlySet<string>) {
  return z.array(alertRuleSchema).max(MAX_RULES).superRefine(
    (rules, context) => {
      const seen = new Set<string>();
      const issue = (index: number, field: string, message: string) =>
        context.addIssue({ code: "custom", path: [index, field], message });
      for (const [index, { id, metric, above, below }] of rules.entries()) {
        if (seen.has(id)) issue(index, "id", `id "${id}" is there twice`);
        seen.add(id);
        if (known.has(id)) continue;
        if (metric === undefined) {
          issue(index, "metric", `rule "${id}" is new: want what it watches`);
        }
        const hasLimit = above !== undefined || below !== undefined;
        if (!hasLimit) {
          issue(index, "above", `rule "${id}" is new: want above or below`);
        }
      }
    },
  );
}

/** `alerts` of the config file. */
export const alertsSchema = alertRulesSchema(DEFAULT_ALERT_IDS);
