/**
 * Who may ask which model: what each workspace says of the models that the server has. The rules of a
 * workspace are in memory, so that asking costs no look at the store; what another process has set holds
 * here within a second.
 */
import type { WorkspaceCaller } from "@/lib/audit/audit_event.ts";
import type { Asker } from "@/lib/auth/asker.ts";
import type { Role } from "@/lib/auth/roles.ts";
import { AppError } from "@/lib/errors.ts";
import type { ModelRegistry, ResolvedModel } from "@/lib/llm/models.ts";
import type { ModelInfo } from "@/lib/llm/types.ts";
import type { ModelAccessStore } from "./model_access_store.ts";
import {
  isOpen,
  isOther,
  mayAsk,
  type ModelRule,
  type ModelRules,
  otherRule,
  type Person,
  ruleOf,
} from "./model_rules.ts";

/** Who asks. */
export type ModelAsker = Pick<Asker, "workspace" | "user" | "groups" | "role">;

export interface ModelAccessParts {
  store: ModelAccessStore;
  models: ModelRegistry;
  /** The role of a user in a workspace, where who asks does not bring it; null: none. */
  roleOf: (user: string, workspace: string) => Promise<Role | null>;
}

const MAX_WORKSPACES = 10_000;

export class ModelAccess {
  readonly #parts: ModelAccessParts;
  readonly #held = new Map<string, ModelRules>();
  /** Counts the times at which something may have been set: what was read before is not held. */
  #changes = 0;

  constructor(parts: ModelAccessParts) {
    this.#parts = parts;
  }

  /** Somebody has set something: rules are read again when they are needed. */
  forget(): void {
    this.#changes += 1;
    this.#held.clear();
  }

  /**
   * The rules of a workspace: at once where they are in memory.
   * @throws {StorageError} (as a rejection) when they are not known and the store does not answer
   */
  rulesOf(workspace: string): ModelRules | Promise<ModelRules> {
    return this.#held.get(workspace) ?? this.read(workspace);
  }

  /** The rules as the store has them. @throws {StorageError} when it does not answer */
  async read(workspace: string): Promise<ModelRules> {
    const changes = this.#changes;
    const rules = await this.#parts.store.read(workspace);
    if (changes === this.#changes) this.#hold(workspace, rules);
    return rules;
  }

  /**
   * Changes the rules of the caller's workspace; see `ModelAccessStore.change`. A rule that says nothing
   * else than what holds for others is not kept.
   */
  async change(
    caller: WorkspaceCaller,
    edit: (rules: ModelRules) => Omit<ModelRules, "version">,
  ): Promise<ModelRules> {
    const next = await this.#parts.store.change(caller, (rules) => {
      const { models, ...more } = edit(rules);
      return {
        ...more,
        models: models.filter((rule) => !isOther(rule, more.others)),
      };
    });
    this.#changes += 1;
    this.#hold(caller.workspace, next);
    return next;
  }

  /**
   * Whether somebody may ask a model.
   * @param id what its name leads to (`RoutePlan.destination`)
   * @param name as the caller wrote it
   * @throws {AppError} 403 `model_not_allowed`
   */
  async require(asker: ModelAsker, id: string, name: string): Promise<void> {
    const held = this.rulesOf(asker.workspace);
    const rules = held instanceof Promise ? await held : held;
    const rule = ruleOf(rules, id);
    if (rule.leastRole === "viewer") return;
    if (!mayAsk(rule, await this.#person(asker))) throw notAllowed(name);
  }

  /** The models of a list that lists show to somebody, and whom they may ask. */
  async listed(
    asker: ModelAsker,
    models: readonly ModelInfo[],
  ): Promise<ModelInfo[]> {
    const rules = await this.rulesOf(asker.workspace);
    const { others } = rules;
    if (rules.models.length === 0 && isOpen(others)) return [...models];
    const person = await this.#person(asker);
    const byId = new Map<string, ModelRule>(
      rules.models.map((rule) => [rule.id, rule]),
    );
    return models.filter(({ id }) => {
      const destination = this.#parts.models.destinationOf(id);
      const rule = byId.get(destination) ?? otherRule(destination, others);
      return rule.isListed && mayAsk(rule, person);
    });
  }

  /**
   * What a picker offers somebody, and what a new thread of theirs starts with; see
   * `ModelRegistry.choices`.
   */
  async choices(
    asker: ModelAsker,
    signal: AbortSignal,
  ): Promise<{ models: ModelInfo[]; defaultModel: string | null }> {
    const all = await this.#parts.models.choices(signal);
    const models = await this.listed(asker, all.models);
    const chosen = await this.#chosen(asker);
    if (chosen !== null) {
      const there = models.find(({ id }) =>
        this.#parts.models.destinationOf(id) === chosen
      );
      if (there !== undefined) return { models, defaultModel: there.id };
    }
    const isThere = models.some(({ id }) => id === all.defaultModel);
    return {
      models,
      defaultModel: isThere ? all.defaultModel : models[0]?.id ?? null,
    };
  }

  /** Finds models as `ModelRegistry` does, for somebody who may not ask all of them. */
  for(asker: ModelAsker): AllowedModels {
    return new AllowedModels(this, this.#parts.models, asker);
  }

  /** The model that the workspace begins new threads with, if it says so and it may be asked. */
  async #chosen(asker: ModelAsker): Promise<string | null> {
    const rules = await this.rulesOf(asker.workspace);
    const { defaultModel } = rules;
    if (defaultModel === null) return null;
    const rule = ruleOf(rules, defaultModel);
    const isAllowed = rule.leastRole === "viewer" ||
      mayAsk(rule, await this.#person(asker));
    return isAllowed ? defaultModel : null;
  }

  async #person(
    { user, workspace, role, groups }: ModelAsker,
  ): Promise<Person> {
    const known = role ??
      (user === null ? null : await this.#parts.roleOf(user, workspace));
    return { role: known ?? "viewer", groups };
  }

  #hold(workspace: string, rules: ModelRules): void {
    this.#held.delete(workspace);
    if (this.#held.size >= MAX_WORKSPACES) {
      this.#held.delete(this.#held.keys().next().value!);
    }
    this.#held.set(workspace, rules);
  }
}

/** The models that somebody may ask. */
export class AllowedModels {
  readonly #access: ModelAccess;
  readonly #models: ModelRegistry;
  readonly #asker: ModelAsker;

  constructor(access: ModelAccess, models: ModelRegistry, asker: ModelAsker) {
    this.#access = access;
    this.#models = models;
    this.#asker = asker;
  }

  /** @throws {AppError} 404 `model_not_found`, 403 `model_not_allowed` */
  async find(name: string, signal: AbortSignal): Promise<ResolvedModel> {
    const found = await this.#models.find(name, signal);
    await this.#access.require(this.#asker, found.plan.destination, name);
    return found;
  }

  /** @throws {AppError} 503 `no_model` when there is none that they may ask */
  async defaultModel(signal: AbortSignal): Promise<string> {
    const { defaultModel } = await this.#access.choices(this.#asker, signal);
    if (defaultModel !== null) return defaultModel;
    // Says why there is none, where it is not for the rules.
    await this.#models.defaultModel(signal);
    throw new AppError({
      status: 503,
      code: "no_model",
      message:
        "There is no model that you may ask. An admin of the workspace can let you.",
    });
  }
}

function notAllowed(name: string): AppError {
  return new AppError({
    status: 403,
    code: "model_not_allowed",
    message:
      `You may not ask the model "${name}" in this workspace. Choose another one, or ask an admin.`,
  });
}
