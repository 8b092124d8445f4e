/** Limits as the API and the pages show them. */
import type { LimitPolicySettings } from "@/lib/config/limits.ts";
import type { EditedLimits } from "./limit_settings.ts";
import type { LimitState } from "./limits.ts";
import {
  LIMIT_KINDS,
  type LimitPolicy,
  type Measure,
  mergePolicies,
  type PolicySource,
} from "./policies.ts";
import { toPolicy } from "./limit_settings.ts";
import type { SubjectKind } from "./subjects.ts";

/** Amounts of a policy; null: not limited. */
export type AmountsView = {
  -readonly [Field in typeof LIMIT_KINDS[number]["field"]]: number | null;
};

/** A policy that holds in a workspace, and who has set it. */
export interface PolicyView extends AmountsView {
  name: string;
  subject: string;
  source: "config" | "edited";
}

/** What `GET /api/limits` answers. */
export interface PolicyList {
  items: PolicyView[];
  version: number;
}

function toPolicyView(policy: LimitPolicy): PolicyView {
  const { name, subject, source } = policy;
  const amounts = Object.fromEntries(
    LIMIT_KINDS.map(({ field }) => [field, policy[field] ?? null]),
  ) as AmountsView;
  return {
    name,
    subject,
    ...amounts,
    source: source === "admin" ? "edited" : "config",
  };
}

export function toPolicyList(
  configured: readonly LimitPolicy[],
  { version, policies }: EditedLimits,
): PolicyList {
  const edited = policies.map((each) => toPolicy(each, "admin"));
  return {
    items: mergePolicies(configured, edited).map(toPolicyView),
    version,
  };
}

/** Policies as they are stored: without what says nothing. */
export function toSettings(
  { name, subject, ...amounts }: LimitPolicySettings,
): LimitPolicySettings {
  const set = LIMIT_KINDS.flatMap(({ field }) => {
    const amount = amounts[field];
    return typeof amount === "number" ? [[field, amount]] : [];
  });
  return {
    ...(name === undefined || name === subject ? {} : { name }),
    subject,
    ...Object.fromEntries(set),
  };
}

/** A limit that somebody has to keep, and what is left of it. */
export interface LimitStateView {
  /** `kind:id` of whom it counts. */
  subject: string;
  subjectKind: SubjectKind;
  measure: Measure;
  /** Length of the sliding window; null: what goes on at once. */
  windowSeconds: number | null;
  /** "requests a minute". */
  words: string;
  limit: number;
  used: number;
  remaining: number;
  /** When all of it is free again if nobody asks, RFC 3339; null: it is, or nobody knows. */
  resetsAt: string | null;
  policy: { name: string; subject: string; source: PolicySource };
  /** "Limited to … because …". */
  because: string;
}

const MS_PER_SECOND = 1_000;

/** @param nowMs wall clock, milliseconds since 1970 UTC */
export function toLimitState(
  { limit, used, remaining, resetMs, because }: LimitState,
  nowMs: number,
): LimitStateView {
  const { subject, subjectKind, kind, policy } = limit;
  const { name, subject: pattern, source } = policy;
  return {
    subject,
    subjectKind,
    measure: kind.measure,
    windowSeconds: kind.windowMs === null
      ? null
      : kind.windowMs / MS_PER_SECOND,
    words: kind.words,
    limit: limit.limit,
    used,
    remaining,
    resetsAt: resetMs === 0 ? null : new Date(nowMs + resetMs).toISOString(),
    policy: { name, subject: pattern, source },
    because,
  };
}
