/** Who may ask a model, in words. */
import type { ModelSetting } from "./wire.ts";

/** Whom a model is for, as the form asks it. */
export type Audience = "everyone" | "admins" | "owners" | "groups" | "nobody";

export const AUDIENCES: readonly { value: Audience; words: string }[] = [
  { value: "everyone", words: "Everyone" },
  { value: "admins", words: "Admins and owners" },
  { value: "owners", words: "Owners" },
  { value: "groups", words: "Chosen groups" },
  { value: "nobody", words: "Nobody" },
];

const ROLE_OF: Readonly<Record<Audience, ModelSetting["leastRole"]>> = {
  everyone: "viewer",
  admins: "admin",
  owners: "owner",
  groups: null,
  nobody: null,
};

export function audienceOf(
  { leastRole, groups }: Pick<ModelSetting, "leastRole" | "groups">,
): Audience {
  if (leastRole === null) return groups.length > 0 ? "groups" : "nobody";
  if (leastRole === "owner") return "owners";
  return leastRole === "admin" ? "admins" : "everyone";
}

/** The rule that an audience stands for; groups count besides a role, and say nothing for everyone or nobody. */
export function ruleFor(
  audience: Audience,
  groups: readonly string[],
): Pick<ModelSetting, "leastRole" | "groups"> {
  const hasGroups = audience !== "nobody" && audience !== "everyone";
  return {
    leastRole: ROLE_OF[audience],
    groups: hasGroups ? [...groups] : [],
  };
}
