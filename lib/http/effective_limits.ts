/** The limits and budgets of somebody, as `GET /api/limits/effective` and the pages show them. */
import { mayActAs } from "@/lib/auth/caller.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { AppError } from "@/lib/errors.ts";
import { toBudgetState } from "@/lib/limits/budget_view.ts";
import { toLimitState } from "@/lib/limits/limit_view.ts";
import { modelSubject, type Subjects } from "@/lib/limits/subjects.ts";
import { isId } from "@/lib/shared/ids.ts";
import type { EffectiveLimits } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** Of whom the limits are wanted. */
export interface EffectiveQuery {
  /** `usr_` id; null: the caller. */
  user: string | null;
  /** `key_` id; null: the caller's own where the caller is meant, else a request without a key. */
  key: string | null;
  /** Null: of no model in particular. */
  model: string | null;
}

const MAX_MODEL_CHARACTERS = 256;

/** @throws {AppError} 400 `invalid_request` */
export function readEffectiveQuery(params: URLSearchParams): EffectiveQuery {
  const given = (name: string) => params.get(name)?.trim() || null;
  const model = given("model");
  if (model !== null && model.length > MAX_MODEL_CHARACTERS) {
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The name of the model is too long.",
      errors: [{ path: "model", message: "is too long" }],
    });
  }
  return { user: given("user"), key: given("key"), model };
}

/**
 * The subjects of a request that somebody would make. Everyone may ask for themselves, admins for all.
 * @throws {AppError} 404 `not_found` for somebody who is not here, or is another's to know
 */
export async function findSubjects(
  { caller, services }: State,
  { user, key: named, model }: EffectiveQuery,
): Promise<Subjects & { user: string }> {
  const { workspace } = caller;
  const isAdmin = mayActAs(caller, "admin");
  const own = user === null ? caller.key?.id ?? null : null;
  const key = named ?? own;
  const owner = key === null ? null : await findKey({ caller, services }, key);
  const whose = user ?? owner ?? caller.user;
  const isTheirs = owner === null || owner === whose;
  if (!isTheirs || (whose !== caller.user && !isAdmin)) {
    throw notFound(isTheirs ? "user" : "key of this user");
  }
  const standing = whose === caller.user
    ? caller
    : isId("usr", whose)
    ? await services.users.caller(whose, workspace)
    : null;
  if (standing === null) throw notFound("user");
  return {
    workspace,
    groups: standing.groups,
    user: whose,
    key,
    keyLimits: key === null
      ? null
      : (await services.apiKeys.readPolicies(workspace, key)).limits,
    ...(model === null
      ? { model }
      : modelSubject(services.models.namesOf(model))),
    address: whose === caller.user ? caller.address : null,
  };
}

async function findKey(
  { caller, services }: Pick<State, "caller" | "services">,
  key: string,
): Promise<string> {
  return (await services.apiKeys.require(caller, key)).userId;
}

/** Puts names in place of the ids of groups and of the person, as people know them. */
async function namesIn(
  { services: { groups, users } }: State,
  { workspace, groups: ids, user }: Subjects & { user: string },
): Promise<(text: string) => string> {
  const [account, found] = await Promise.all([
    users.account(user),
    groups.findMany(workspace, ids),
  ]);
  const names = found.map(({ id, name }) => [id, name]);
  if (account !== null) names.push([user, account.email || account.name]);
  return (text) =>
    names.reduce((said, [id, name]) => said.replaceAll(id, name), text);
}

/** @throws as `findSubjects` does; {StorageError} when the store does not answer */
export async function effectiveView(
  state: State,
  query: EffectiveQuery,
): Promise<EffectiveLimits> {
  const { budgets, limits, store } = state.services;
  const subjects = await findSubjects(state, query);
  const [states, uses] = await Promise.all([
    limits.states(subjects),
    budgets.effective(subjects),
  ]);
  const nowMs = store.clock.now();
  const named = await namesIn(state, subjects);
  return {
    user: subjects.user,
    groups: [...subjects.groups],
    key: subjects.key,
    model: subjects.model,
    limits: states.map((each) => {
      const view = toLimitState(each, nowMs);
      return { ...view, because: named(view.because) };
    }),
    budgets: uses.map((each) => {
      const view = toBudgetState(each, nowMs);
      return { ...view, because: named(view.because) };
    }),
  };
}
