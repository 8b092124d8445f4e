/** Which models the people of a workspace may ask, and which of them lists show. */
import { isAtLeast, type Role } from "@/lib/auth/roles.ts";

/** What a workspace says of one model. */
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

/** What a workspace says of models that it says nothing else of, new ones among them. */
export type OtherModels = Pick<ModelRule, "isListed" | "leastRole">;

/** All that a workspace says of models. */
export interface ModelRules {
  /** 0: nothing was ever said. */
  readonly version: number;
  /** What new threads begin with, as a rule's id; null: what the server takes. */
  readonly defaultModel: string | null;
  /** Those that say something else than `others`. */
  readonly models: readonly ModelRule[];
  readonly others: OtherModels;
}

/** Everyone may ask them, and lists show them. */
export const OPEN: OtherModels = { isListed: true, leastRole: "viewer" };

export const NO_RULES: ModelRules = {
  version: 0,
  defaultModel: null,
  models: [],
  others: OPEN,
};

/** Who asks, as far as rules go. */
export interface Person {
  role: Role;
  groups: readonly string[];
}

/** What holds for a model. */
export function ruleOf({ models, others }: ModelRules, id: string): ModelRule {
  return models.find((rule) => rule.id === id) ?? otherRule(id, others);
}

/** The rule of a model that nobody has said anything of. */
export function otherRule(id: string, others: OtherModels): ModelRule {
  return { id, ...others, groups: [] };
}

/** Whether a rule says nothing that does not hold for others. */
export function isOther(
  { isListed, leastRole, groups }: ModelRule,
  others: OtherModels,
): boolean {
  return isListed === others.isListed && leastRole === others.leastRole &&
    groups.length === 0;
}

/** Whether everyone may ask, and lists show, what has no rule of its own. */
export function isOpen({ isListed, leastRole }: OtherModels): boolean {
  return isListed && leastRole === "viewer";
}

export function mayAsk(
  { leastRole, groups }: ModelRule,
  person: Person,
): boolean {
  return (leastRole !== null && isAtLeast(person.role, leastRole)) ||
    groups.some((group) => person.groups.includes(group));
}
