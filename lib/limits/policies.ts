/** Policies: who set which limits, which of them hold for a request, and why. */
import type { LimitAmounts } from "@/lib/config/limits.ts";
import { formatCount } from "@/lib/shared/format.ts";
import {
  KIND_NAMES,
  matchRules,
  patternWords,
  type SubjectKind,
  subjectName,
  type Subjects,
} from "./subjects.ts";

/** Who set a policy: the config file, an admin, or whoever made the key it stands on. */
export type PolicySource = "config" | "admin" | "key";

/** A named policy. */
export interface LimitPolicy extends LimitAmounts {
  readonly name: string;
  /** `kind:ID` or `kind:*`. */
  readonly subject: string;
  readonly source: PolicySource;
}

/** What is counted. */
export type Measure = "requests" | "tokens" | "runs";

/** Something that a policy can limit. */
export interface LimitKind {
  readonly field: keyof LimitAmounts;
  readonly measure: Measure;
  /** Length of the sliding window in milliseconds; null: what goes on at once. */
  readonly windowMs: number | null;
  /** In words, behind the number: "requests a minute". */
  readonly words: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** All that can be limited, in the order in which it is shown. */
export const LIMIT_KINDS: readonly LimitKind[] = [
  kind("requestsPerMinute", "requests", MINUTE_MS, "requests a minute"),
  kind("requestsPerHour", "requests", HOUR_MS, "requests an hour"),
  kind("requestsPerDay", "requests", DAY_MS, "requests in 24 hours"),
  kind("tokensPerMinute", "tokens", MINUTE_MS, "tokens a minute"),
  kind("tokensPerHour", "tokens", HOUR_MS, "tokens an hour"),
  kind("tokensPerDay", "tokens", DAY_MS, "tokens in 24 hours"),
  kind("concurrentRuns", "runs", null, "answers at once"),
];

function kind(
  field: keyof LimitAmounts,
  measure: Measure,
  windowMs: number | null,
  words: string,
): LimitKind {
  return { field, measure, windowMs, words };
}

/** A limit that holds for a request. */
export interface EffectiveLimit {
  /** `kind:id` of whom it counts. */
  readonly subject: string;
  readonly subjectKind: SubjectKind;
  readonly kind: LimitKind;
  readonly limit: number;
  readonly policy: LimitPolicy;
  /** It is for this subject by name and holds in place of one for each of its kind. */
  readonly isSpecific: boolean;
}

/**
 * The policies of a workspace: those of the config file, but an admin's in place of one for the same
 * subject.
 */
export function mergePolicies(
  config: readonly LimitPolicy[],
  admin: readonly LimitPolicy[],
): LimitPolicy[] {
  const replaced = new Set(admin.map(({ subject }) => subject));
  return [
    ...config.filter(({ subject }) => !replaced.has(subject)),
    ...admin,
  ];
}

/**
 * The limits that hold for a request. What stands on a key itself never loosens a policy: of two limits
 * on the same count the lower one holds.
 */
export function effectiveLimits(
  policies: readonly LimitPolicy[],
  subjects: Subjects,
): EffectiveLimit[] {
  const lowest = new Map<string, EffectiveLimit>();
  const consider = (limit: EffectiveLimit) => {
    const place = `${limit.subject} ${limit.kind.field}`;
    const other = lowest.get(place);
    if (other === undefined || limit.limit < other.limit) {
      lowest.set(place, limit);
    }
  };
  for (const match of matchRules(policies, subjects)) {
    for (const limit of limitsOf(match.rule)) {
      consider({
        ...limit,
        subject: match.subject,
        subjectKind: match.kind,
        isSpecific: match.isSpecific,
      });
    }
  }
  const own = keyPolicy(subjects);
  if (own !== null) {
    for (const limit of limitsOf(own)) {
      consider({
        ...limit,
        subject: own.subject,
        subjectKind: "key",
        isSpecific: true,
      });
    }
  }
  return [...lowest.values()];
}

function keyPolicy({ key, keyLimits }: Subjects): LimitPolicy | null {
  if (key === null || !keyLimits) return null;
  return {
    ...keyLimits,
    name: "the key's own limits",
    subject: subjectName("key", key),
    source: "key",
  };
}

function limitsOf(
  policy: LimitPolicy,
): Pick<EffectiveLimit, "kind" | "limit" | "policy">[] {
  return LIMIT_KINDS.flatMap((kind) => {
    const limit = policy[kind.field];
    return typeof limit === "number" ? [{ kind, limit, policy }] : [];
  });
}

/** "60 requests a minute", "1 answer at once". */
export function limitWords(
  { limit, kind }: Pick<EffectiveLimit, "limit" | "kind">,
): string {
  const words = limit === 1 ? kind.words.replace(/^(\w+)s/, "$1") : kind.words;
  return `${formatCount(limit)} ${words}`;
}

const SOURCES: Readonly<Record<PolicySource, string>> = {
  config: "from the configuration file",
  admin: "set by an admin",
  key: "set on the key itself",
};

/** "Limited to 60 requests a minute because the policy “Keys”, …, is for each key". */
export function explainLimit(limit: EffectiveLimit): string {
  const { policy, isSpecific } = limit;
  const what = `Limited to ${limitWords(limit)}`;
  if (policy.source === "key") {
    return `${what} because that was ${SOURCES.key}.`;
  }
  const name = policy.name === policy.subject
    ? "a policy"
    : `the policy “${policy.name}”`;
  const why = `${what} because ${name}, ${SOURCES[policy.source]}, is for ${
    patternWords(policy.subject)
  }`;
  return isSpecific
    ? `${why} and holds in place of any for each ${
      KIND_NAMES[limit.subjectKind]
    }.`
    : `${why}.`;
}
