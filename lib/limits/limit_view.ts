/** Limits as the API and the pages show them. */
import type { LimitPolicySettings } from "@/lib/config/limits.ts";
import type {
  LimitAmounts,
  LimitPolicy as PolicyView,
  LimitPolicyList,
  LimitState as LimitStateView,
} from "@/lib/shared/wire.ts";
import type { EditedLimits } from "./limit_settings.ts";
import type { LimitState } from "./limits.ts";
import { LIMIT_KINDS, type LimitPolicy, mergePolicies } from "./policies.ts";
import { toPolicy } from "./limit_settings.ts";

function toPolicyView(policy: LimitPolicy): PolicyView {
  const { name, subject, source } = policy;
  const amounts = Object.fromEntries(
    LIMIT_KINDS.map(({ field }) => [field, policy[field] ?? null]),
  ) as unknown as LimitAmounts;
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
): LimitPolicyList {
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
    limit: limit.limit,
    used,
    remaining,
    resetsAt: resetMs === 0 ? null : new Date(nowMs + resetMs).toISOString(),
    policy: { name, subject: pattern, source },
    because,
  };
}
