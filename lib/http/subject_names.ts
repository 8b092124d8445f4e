/** Whom limits and budgets are for, as the pages that set them read and show it. */
import { splitSubject } from "@/lib/shared/limit_words.ts";
import type { Group } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** Groups that the forms suggest. */
const SUGGESTED_GROUPS = 200;

/** The groups to choose from, and names by id: of these, and of the people that subjects are. */
export async function loadSubjectNames(
  { caller, services: { groups, users } }: State,
  items: readonly { subject: string }[],
): Promise<{ groups: Group[]; names: Record<string, string> }> {
  const people = items.map(({ subject }) => splitSubject(subject))
    .filter(({ kind, id }) => kind === "user" && id !== "*");
  const [page, accounts] = await Promise.all([
    groups.list(caller.workspace, { limit: SUGGESTED_GROUPS, cursor: null }),
    Promise.all(people.map(({ id }) => users.account(id))),
  ]);
  const names: Record<string, string> = {};
  for (const { id, name } of page.items) names[id] = name;
  for (const account of accounts) {
    if (account !== null) names[account.id] = account.email || account.name;
  }
  return { groups: page.items, names };
}

/** The subject that a form names by `kind` and `id`; nothing stands for each, an email for its person. */
export async function readSubject(
  { services: { users } }: State,
  form: URLSearchParams,
): Promise<string> {
  const kind = form.get("kind")?.trim() ?? "";
  let id = form.get("id")?.trim() || "*";
  if (kind === "user" && id.includes("@")) {
    id = (await users.findByEmail(id))?.id ?? id;
  }
  return `${kind}:${id}`;
}
