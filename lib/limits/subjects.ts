/** Whom limits and budgets are for, and which of them meet one request. */
import type { LimitAmounts } from "@/lib/config/limits.ts";
import { countedAddress } from "@/lib/net/counted_address.ts";

/** What kinds of subjects there are, in the order in which people are told of them. */
export const SUBJECT_KINDS = [
  "workspace",
  "group",
  "user",
  "key",
  "model",
  "address",
] as const;

/** A kind of subject. */
export type SubjectKind = typeof SUBJECT_KINDS[number];

/** All that one request is made by, for and from. Every limit counts within the workspace. */
export interface Subjects {
  /** `wsp_` id. */
  readonly workspace: string;
  /** Ids of the groups that the user is in. */
  readonly groups: readonly string[];
  /** `usr_` id, or null: nobody's (the server's own work). */
  readonly user: string | null;
  /** `key_` id, or null: no key made the request. */
  readonly key: string | null;
  /** Limits that were set on the key itself; they hold besides all others. */
  readonly keyLimits?: LimitAmounts | null;
  /** The model or route under the one name that its use is counted by, or null: none is asked. */
  readonly model: string | null;
  /** All names that a rule for the model may have; by default the one above. */
  readonly modelNames?: readonly string[];
  /** Address of the client, or null: not known any more, as when a run begins again. */
  readonly address: string | null;
}

/** What of a caller (`lib/auth/caller.ts`) limits look at. */
export interface SubjectCaller {
  readonly workspace: string;
  readonly groups: readonly string[];
  readonly user: string;
  readonly key: {
    readonly id: string;
    readonly limits?: LimitAmounts | null;
  } | null;
  readonly address: string;
}

/** The subjects of a caller's request that asks a model. */
export function subjectsOf(
  caller: SubjectCaller,
  model: string | null,
): Subjects {
  return {
    workspace: caller.workspace,
    groups: caller.groups,
    user: caller.user,
    key: caller.key?.id ?? null,
    keyLimits: caller.key?.limits ?? null,
    model,
    address: caller.address,
  };
}

/** What a limit or budget is for: one subject, or with the id `*` each of the kind. */
export interface SubjectPattern {
  kind: SubjectKind;
  /** An id, or `*`. */
  id: string;
}

/** Longest id of a subject: names of models are the longest there are. */
const MAX_ID_CHARACTERS = 256;

/** Reads `kind:ID` or `kind:*`; null when it is neither. Ids may hold colons themselves. */
export function parsePattern(text: string): SubjectPattern | null {
  const colon = text.indexOf(":");
  const kind = SUBJECT_KINDS.find((each) => each === text.slice(0, colon));
  const id = text.slice(colon + 1);
  if (kind === undefined || !/^\S+$/.test(id)) return null;
  return id.length > MAX_ID_CHARACTERS ? null : { kind, id };
}

/** The ids of one kind that a request has. */
export function idsOf(
  subjects: Subjects,
  kind: SubjectKind,
): readonly string[] {
  if (kind === "group") return subjects.groups;
  const id = subjects[kind];
  return id === null ? [] : [id];
}

/** What of a request a model is, by all its names; see `ModelRegistry.namesOf`. */
export function modelSubject(
  names: readonly [string, ...string[]],
): Pick<Subjects, "model" | "modelNames"> {
  return { model: names[0], modelNames: names };
}

/** `kind:id` of one subject, under which its use is counted. */
export function subjectName(kind: SubjectKind, id: string): string {
  return `${kind}:${id}`;
}

/** What a pattern and a subject of the request have found in one another. */
export interface SubjectMatch<T> {
  /** `kind:id` of the subject, never with `*`. */
  subject: string;
  kind: SubjectKind;
  rule: T;
  /** The rule is for this subject by name and holds in place of one for each of its kind. */
  isSpecific: boolean;
}

/**
 * The rules that hold for a request. A rule for one subject replaces the one for each (`*`) of the same
 * kind; rules for different kinds of subjects all hold, as do those for each of several groups. A client
 * of version 6 is counted by its network of 64 bits, of which it has every address. A model is met by a
 * rule for any of its names, or who asks it by another one would be free of it.
 */
export function matchRules<T extends { readonly subject: string }>(
  rules: readonly T[],
  subjects: Subjects,
): SubjectMatch<T>[] {
  const byPattern = new Map<string, T[]>();
  for (const rule of rules) {
    const there = byPattern.get(rule.subject);
    if (there === undefined) byPattern.set(rule.subject, [rule]);
    else there.push(rule);
  }
  const matches: SubjectMatch<T>[] = [];
  for (const kind of SUBJECT_KINDS) {
    for (const id of idsOf(subjects, kind)) {
      const own = ownSubjects(subjects, kind, id)
        .filter((subject) => byPattern.has(subject));
      const isSpecific = own.length > 0;
      const counted = isSpecific ? own : [
        subjectName(kind, kind === "address" ? countedAddress(id) : id),
      ];
      for (const subject of kind === "model" ? counted : counted.slice(0, 1)) {
        const rules = byPattern.get(isSpecific ? subject : `${kind}:*`) ?? [];
        for (const rule of rules) {
          matches.push({ subject, kind, rule, isSpecific });
        }
      }
    }
  }
  return matches;
}

/** `kind:id` of the rules that are for one subject by name. */
function ownSubjects(
  { modelNames }: Subjects,
  kind: SubjectKind,
  id: string,
): string[] {
  const ids = kind === "model"
    ? modelNames ?? [id]
    : kind === "address"
    ? [id, countedAddress(id)]
    : [id];
  return ids.map((each) => subjectName(kind, each));
}

/** A kind of subject in words, as in "each key". */
export const KIND_NAMES: Readonly<Record<SubjectKind, string>> = {
  workspace: "workspace",
  group: "group",
  user: "person",
  key: "key",
  model: "model",
  address: "address",
};

/** What a pattern is for, in words: "each key", or "this key". */
export function patternWords(pattern: string): string {
  const parsed = parsePattern(pattern);
  if (parsed === null) return pattern;
  const name = KIND_NAMES[parsed.kind];
  if (parsed.id === "*") return `each ${name}`;
  return parsed.kind === "model"
    ? `the model “${parsed.id}”`
    : `the ${name} ${parsed.id}`;
}
