/** The budgets that admins of a workspace have set, and those of the config file besides. */
import type { WorkspaceCaller } from "@/lib/audit/audit_event.ts";
import type { BudgetRule } from "@/lib/config/budgets.ts";
import { AppError } from "@/lib/errors.ts";
import { budgetSettingsKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { effectiveRules } from "./budget_rules.ts";
import { tellListChanges } from "./list_changes.ts";
import { ringSettingsBell } from "@/lib/kv/settings_bell.ts";

interface SettingsRecord extends Versioned {
  readonly v: 1;
  readonly version: number;
  readonly rules: readonly BudgetRule[];
  readonly token?: string;
}

/** What admins have set. */
export interface EditedBudgets {
  /** 0: nothing was ever set. */
  version: number;
  rules: readonly BudgetRule[];
}

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

/** Records of the store hold 64 KiB; the rest is room for its own fields. */
const MAX_BYTES = 60_000;

export class BudgetSettings {
  readonly #store: Store;
  readonly #configured: readonly BudgetRule[];
  /** What holds in each workspace that was asked about. */
  readonly #rules = new Map<string, readonly BudgetRule[]>();
  readonly #listeners: ((workspace: string) => void)[] = [];

  constructor(store: Store, configured: readonly BudgetRule[]) {
    this.#store = store;
    this.#configured = configured;
  }

  /** Budgets of the config file. */
  get configured(): readonly BudgetRule[] {
    return this.#configured;
  }

  /** Calls back when the rules of a workspace have become others. */
  onChange(listener: (workspace: string) => void): void {
    this.#listeners.push(listener);
  }

  /** The rules of a workspace; null: they have to be loaded first. */
  peek(workspace: string): readonly BudgetRule[] | null {
    return this.#rules.get(workspace) ?? null;
  }

  /** The rules of a workspace. */
  async load(workspace: string): Promise<readonly BudgetRule[]> {
    return this.peek(workspace) ?? await this.#reload(workspace);
  }

  /** What was set, from the store. */
  async edited(workspace: string): Promise<EditedBudgets> {
    const { value } = await get<SettingsRecord>(
      this.#store,
      budgetSettingsKey(workspace),
    );
    return { version: value?.version ?? 0, rules: value?.rules ?? [] };
  }

  /**
   * Sets all of a workspace's own budgets anew.
   * @param accept of the version that is there
   * @throws {AppError} what `accept` throws; 413 `too_many_budgets`; 409 `conflict` when others set them all the time
   */
  async set(
    caller: WorkspaceCaller,
    rules: readonly BudgetRule[],
    accept: AcceptVersion,
  ): Promise<EditedBudgets> {
    if (JSON.stringify(rules).length > MAX_BYTES) {
      throw new AppError({
        status: 413,
        code: "too_many_budgets",
        message: "These are more budgets than a workspace can have.",
      });
    }
    const { workspace } = caller;
    const key = budgetSettingsKey(workspace);
    const busy = "Somebody else sets budgets at the moment.";
    const saved = await saveContended(this.#store, busy, async () => {
      const there = await get<SettingsRecord>(this.#store, key);
      const version = there.value?.version ?? 0;
      accept(version);
      const next: SettingsRecord = { v: 1, version: version + 1, rules };
      const unit = ringSettingsBell(
        new UnitOfWork().guard(key, there.versionstamp, next),
      );
      tellListChanges(unit, workspace, caller, {
        type: "budget.changed",
        before: there.value?.rules ?? [],
        after: rules,
        identify: ({ subject, period }) => ({ subject, period }),
      });
      return { unit, saved: next };
    });
    this.#hold(workspace, rules);
    return saved;
  }

  /** Reads again what is held in memory: another process may have set it. */
  async refresh(): Promise<void> {
    for (const workspace of [...this.#rules.keys()]) {
      await this.#reload(workspace);
    }
  }

  async #reload(workspace: string): Promise<readonly BudgetRule[]> {
    const { rules } = await this.edited(workspace);
    return this.#hold(workspace, rules);
  }

  #hold(
    workspace: string,
    edited: readonly BudgetRule[],
  ): readonly BudgetRule[] {
    const rules = effectiveRules(this.#configured, edited);
    this.#rules.set(workspace, rules);
    for (const listener of this.#listeners) listener(workspace);
    return rules;
  }
}
