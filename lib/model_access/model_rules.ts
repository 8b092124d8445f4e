/** Which models the people of a workspace may ask, and which of them lists show. */
import { isAtLeast, type Role } from "@/lib/auth/roles.ts";

/** What a workspace says of one model; without it everyone may ask it and lists show it. */
export interface ModelRule {
  /** What the model's names lead to: `<provider>/<model>`, or the id of a route. */
  readonly id: string;
  /** Whether lists show it. Who knows its name may ask it all the same. */
  readonly isListed: boolean;
  /** Whoever has this role or a higher one may ask it; null: nobody by their role. */
  readonly leastRole: Role | null;
  /** Ids of groups whose people may ask it besides. */
  readonly groups: readonly string[];
}

/** All that a workspace says of models. */
export interface ModelRules {
  /** 0: nothing was ever said. */
  readonly version: number;
  /** What new threads begin with, as a rule's id; null: what the server takes. */
  readonly defaultModel: string | null;
  /** Those that say something. */
  readonly models: readonly ModelRule[];
}

export const NO_RULES: ModelRules = {
  version: 0,
  defaultModel: null,
  models: [],
};

/** Who asks, as far as rules go. */
export interface Person {
  role: Role;
  groups: readonly string[];
}

export function ruleOf({ models }: ModelRules, id: string): ModelRule {
  return models.find((rule) => rule.id === id) ?? openRule(id);
}

/** The rule of a model that nobody has said anything of. */
export function openRule(id: string): ModelRule {
  return { id, isListed: true, leastRole: "viewer", groups: [] };
}

/** Whether a rule says nothing. */
export function isOpen({ isListed, leastRole }: ModelRule): boolean {
  return isListed && leastRole === "viewer";
}

export function mayAsk(
  { leastRole, groups }: ModelRule,
  person: Person,
): boolean {
  return (leastRole !== null && isAtLeast(person.role, leastRole)) ||
    groups.some((group) => person.groups.includes(group));
}
