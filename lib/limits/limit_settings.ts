/** The policies of each workspace: those of the config file, and those that its admins have set. */
import type { WorkspaceCaller } from "@/lib/audit/audit_event.ts";
import type { LimitPolicySettings } from "@/lib/config/limits.ts";
import { AppError } from "@/lib/errors.ts";
import { limitSettingsKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { tellListChanges } from "./list_changes.ts";
import { type LimitPolicy, mergePolicies } from "./policies.ts";

interface SettingsRecord extends Versioned {
  readonly v: 1;
  readonly version: number;
  readonly policies: readonly LimitPolicySettings[];
}

/** What admins have set. */
export interface EditedLimits {
  /** 0: nothing was ever set. */
  version: number;
  policies: readonly LimitPolicySettings[];
}

/** Policies older than this are read again, while the old ones still hold; in milliseconds. */
const REFRESH_MS = 400;
/** Policies older than this hold no more before they were read again. */
const STALE_MS = 900;
const MAX_WORKSPACES = 10_000;
/** Records of the store hold 64 KiB; the rest is room for its own fields. */
const MAX_BYTES = 60_000;

interface Held {
  policies: readonly LimitPolicy[];
  readAtMs: number;
  reading: Promise<readonly LimitPolicy[]> | null;
}

/** As a policy of a source, with the subject for its name where it has none. */
export function toPolicy(
  settings: LimitPolicySettings,
  source: LimitPolicy["source"],
): LimitPolicy {
  return { ...settings, name: settings.name ?? settings.subject, source };
}

export class LimitSettings {
  readonly #store: Store;
  readonly #configured: readonly LimitPolicy[];
  readonly #held = new Map<string, Held>();

  constructor(store: Store, configured: readonly LimitPolicySettings[]) {
    this.#store = store;
    this.#configured = configured.map((each) => toPolicy(each, "config"));
  }

  /** Policies of the config file. */
  get configured(): readonly LimitPolicy[] {
    return this.#configured;
  }

  /**
   * The policies that hold in a workspace: at once where they are in memory. What another process has
   * set holds here within a second. While the store does not answer, what was known before holds.
   * @throws {StorageError} (as a rejection) when the store does not answer and nothing is known
   */
  of(
    workspace: string,
  ): readonly LimitPolicy[] | Promise<readonly LimitPolicy[]> {
    const held = this.#held.get(workspace);
    if (held === undefined) return this.#read(workspace);
    const ageMs = this.#store.clock.monotonic() - held.readAtMs;
    if (ageMs < REFRESH_MS) return held.policies;
    const reading = this.#read(workspace).catch(() => held.policies);
    return ageMs >= STALE_MS ? reading : held.policies;
  }

  /** What was set, from the store. @throws {StorageError} when it does not answer */
  async edited(workspace: string): Promise<EditedLimits> {
    const { value } = await get<SettingsRecord>(
      this.#store,
      limitSettingsKey(workspace),
    );
    return { version: value?.version ?? 0, policies: value?.policies ?? [] };
  }

  /**
   * Sets all of a workspace's own policies anew.
   * @param accept throws when the version that is there must not be changed
   * @throws {AppError} 413 `too_many_limits`; 409 `conflict` when others set them all the time
   */
  async set(
    editor: WorkspaceCaller,
    policies: readonly LimitPolicySettings[],
    accept: (version: number) => void,
  ): Promise<EditedLimits> {
    if (JSON.stringify(policies).length > MAX_BYTES) {
      throw new AppError({
        status: 413,
        code: "too_many_limits",
        message: "These are more policies than a workspace can have.",
      });
    }
    const { workspace } = editor;
    const key = limitSettingsKey(workspace);
    const busy = "Somebody else sets limits at the moment. Try again.";
    const saved = await saveContended(this.#store, busy, async () => {
      const there = await get<SettingsRecord>(this.#store, key);
      const version = there.value?.version ?? 0;
      accept(version);
      const next: SettingsRecord = { v: 1, version: version + 1, policies };
      const unit = new UnitOfWork().guard(key, there.versionstamp, next);
      tellListChanges(unit, workspace, editor, {
        type: "limit.changed",
        before: there.value?.policies ?? [],
        after: policies,
        identify: ({ subject }) => ({ subject }),
      });
      return { unit, saved: { version: next.version, policies } };
    });
    this.#hold(workspace, policies);
    return saved;
  }

  #read(workspace: string): Promise<readonly LimitPolicy[]> {
    const held = this.#held.get(workspace);
    if (held?.reading) return held.reading;
    const reading = this.edited(workspace).then(
      ({ policies }) => this.#hold(workspace, policies),
      (error) => {
        const there = this.#held.get(workspace);
        if (there !== undefined) there.reading = null;
        throw error;
      },
    );
    if (held !== undefined) held.reading = reading;
    return reading;
  }

  #hold(
    workspace: string,
    edited: readonly LimitPolicySettings[],
  ): readonly LimitPolicy[] {
    const policies = mergePolicies(
      this.#configured,
      edited.map((each) => toPolicy(each, "admin")),
    );
    // The oldest goes; who still asks there reads it again.
    this.#held.delete(workspace);
    if (this.#held.size >= MAX_WORKSPACES) {
      this.#held.delete(this.#held.keys().next().value!);
    }
    this.#held.set(workspace, {
      policies,
      readAtMs: this.#store.clock.monotonic(),
      reading: null,
    });
    return policies;
  }
}
