/** The rules of each workspace about models, in the store. */
import {
  auditEvent,
  by,
  type WorkspaceCaller,
} from "@/lib/audit/audit_event.ts";
import { AppError } from "@/lib/errors.ts";
import { modelAccessKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { ringSettingsBell } from "@/lib/kv/settings_bell.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  type ModelRules,
  NO_RULES,
  OPEN,
  type OtherModels,
} from "./model_rules.ts";

interface RulesRecord extends Omit<ModelRules, "others">, Versioned {
  readonly v: 1;
  /** Absent: all is open. */
  readonly others?: OtherModels;
  readonly token?: string;
}

/** Records of the store hold 64 KiB; the rest is room for its own fields. */
const MAX_BYTES = 60_000;

export class ModelAccessStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws {StorageError} when the store does not answer */
  async read(workspace: string): Promise<ModelRules> {
    const { value } = await get<RulesRecord>(
      this.#store,
      modelAccessKey(workspace),
    );
    return value === null
      ? NO_RULES
      : { ...value, others: value.others ?? OPEN };
  }

  /**
   * Changes the rules of the caller's workspace, tells all processes and the audit log of it.
   * @param edit makes the next rules of those that are there, and throws when they must not be changed
   * @throws {AppError} 413 `too_many_models`, 409 `conflict` when others change them all the time
   */
  async change(
    caller: WorkspaceCaller,
    edit: (rules: ModelRules) => Omit<ModelRules, "version">,
  ): Promise<ModelRules> {
    const key = modelAccessKey(caller.workspace);
    const busy = "Somebody else changes models at the moment. Try again.";
    return await saveContended(this.#store, busy, async () => {
      const there = await get<RulesRecord>(this.#store, key);
      const before = { ...NO_RULES, ...there.value };
      const { defaultModel, models, others } = edit(before);
      const version = before.version + 1;
      const next = { v: 1 as const, version, defaultModel, models, others };
      if (bytesOf(next) > MAX_BYTES) throw tooMany();
      const unit = ringSettingsBell(
        new UnitOfWork().guard(key, there.versionstamp, next),
      );
      unit.event(
        caller.workspace,
        auditEvent("settings.changed", {
          ...by(caller),
          subject: "models",
          details: {
            change: wordOf(before, next),
            before: JSON.stringify(changed(before, next)),
            after: JSON.stringify(changed(next, before)),
          },
        }),
      );
      return { unit, saved: next };
    });
  }
}

function wordOf(before: ModelRules, after: ModelRules): string {
  return before.defaultModel === after.defaultModel
    ? "changed"
    : "default changed";
}

/** What of the first is not the same in the second. */
function changed(
  { defaultModel, models, others }: ModelRules,
  other: ModelRules,
): unknown {
  const same = new Set(other.models.map((rule) => JSON.stringify(rule)));
  return {
    defaultModel,
    others,
    models: models.filter((rule) => !same.has(JSON.stringify(rule))),
  };
}

function tooMany(): AppError {
  return new AppError({
    status: 413,
    code: "too_many_models",
    message:
      "These are more models with rules of their own than a workspace can have.",
  });
}

function bytesOf(record: unknown): number {
  return new TextEncoder().encode(JSON.stringify(record)).length;
}
