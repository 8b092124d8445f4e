/**
 * Settings of the server that somebody sets while it runs: they hold over the config file, at once in this
 * process and within a second in the others.
 */
import {
  auditEvent,
  by,
  type WorkspaceCaller,
} from "@/lib/audit/audit_event.ts";
import type { AdmissionSettings } from "@/lib/config/admission.ts";
import type { CacheSettings } from "@/lib/config/cache.ts";
import type { TitleSettings } from "@/lib/config/file.ts";
import type { RequestLogSettings } from "@/lib/config/request_log.ts";
import { serverSettingsKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { ringSettingsBell } from "@/lib/kv/settings_bell.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  type RunningSettings,
  SETTING_NAMES,
  type SettingsPatch,
  type SettingsSectionName,
} from "./settings_input.ts";

/** The parts of the settings of a process that can be set while it runs. */
export interface ConfiguredSettings {
  titles: TitleSettings;
  cache: CacheSettings;
  requestLog: RequestLogSettings;
  admission: AdmissionSettings;
}

/** What was set, by names such as `cache.policy`. */
type SetValues = Readonly<Record<string, unknown>>;

interface SettingsRecord extends Versioned {
  readonly v: 1;
  readonly version: number;
  readonly set: SetValues;
  readonly token?: string;
}

/** What holds, and where it is from. */
export interface AllSettings {
  /** 0: nothing was ever set. */
  version: number;
  settings: RunningSettings;
  /** What the config file says, or leaves as it is by default. */
  configured: RunningSettings;
  /** Names of those that were set while the server ran. */
  set: string[];
}

const SECTIONS: readonly SettingsSectionName[] = [
  "titles",
  "cache",
  "requestLog",
  "admission",
];

export class ServerSettings {
  readonly #store: Store;
  readonly #configured: ConfiguredSettings;
  /** What holds now. Whoever is given one of these finds in its members what holds when they look. */
  readonly titles: TitleSettings;
  readonly cache: CacheSettings;
  readonly requestLog: RequestLogSettings;
  readonly admission: AdmissionSettings;

  constructor(store: Store, configured: ConfiguredSettings) {
    this.#store = store;
    this.#configured = configured;
    this.titles = { ...configured.titles };
    this.cache = { ...configured.cache };
    this.requestLog = { ...configured.requestLog };
    this.admission = { ...configured.admission };
  }

  /** Reads what was set; from then on it holds in this process. */
  async refresh(): Promise<void> {
    this.#hold((await this.#read()).value?.set ?? {});
  }

  async all(): Promise<AllSettings> {
    const { value } = await this.#read();
    return this.#show(value);
  }

  /**
   * Sets what the patch names.
   * @param accept throws when the version that is there must not be changed
   * @throws {AppError} what `accept` throws; 409 `conflict` when others set them all the time
   */
  async update(
    caller: WorkspaceCaller,
    { reset = [], ...sections }: SettingsPatch,
    accept: (version: number) => void,
  ): Promise<AllSettings> {
    const busy = "Somebody else changes the settings at the moment.";
    const saved = await saveContended(this.#store, busy, async () => {
      const there = await this.#read();
      const version = there.value?.version ?? 0;
      accept(version);
      const before = there.value?.set ?? {};
      const next: SettingsRecord = {
        v: 1,
        version: version + 1,
        set: without({ ...before, ...flat(sections) }, reset),
      };
      const unit = ringSettingsBell(
        new UnitOfWork().guard(serverSettingsKey(), there.versionstamp, next),
      );
      this.#tell(unit, caller, before, next.set);
      return { unit, saved: next };
    });
    this.#hold(saved.set);
    return this.#show(saved);
  }

  #tell(
    unit: UnitOfWork,
    caller: WorkspaceCaller,
    before: SetValues,
    after: SetValues,
  ): void {
    for (const name of SETTING_NAMES) {
      const [old, now] = [before, after].map((set) =>
        JSON.stringify(name in set ? set[name] : this.#configuredValue(name))
      );
      if (old === now) continue;
      unit.event(
        FIRST_WORKSPACE,
        auditEvent("settings.changed", {
          ...by(caller),
          subject: name,
          details: {
            change: name in after ? "set" : "reset",
            before: old,
            after: now,
          },
        }),
      );
    }
  }

  #configuredValue(name: string): unknown {
    const [section, member] = name.split(".");
    return Reflect.get(
      this.#configured[section as SettingsSectionName],
      member,
    );
  }

  async #read() {
    return await get<SettingsRecord>(this.#store, serverSettingsKey());
  }

  #hold(set: SetValues): void {
    for (const section of SECTIONS) {
      Object.assign(this[section], this.#configured[section]);
    }
    for (const name of SETTING_NAMES) {
      if (!(name in set)) continue;
      const [section, member] = name.split(".");
      Object.assign(this[section as SettingsSectionName], {
        [member]: set[name],
      });
    }
  }

  #show(record: SettingsRecord | null): AllSettings {
    const set = record?.set ?? {};
    const shown = (value: (name: string) => unknown) => {
      const all: Record<string, Record<string, unknown>> = {};
      for (const name of SETTING_NAMES) {
        const [section, member] = name.split(".");
        all[section] = { ...all[section], [member]: value(name) };
      }
      // Each name has the type of the member that it names.
      return all as unknown as RunningSettings;
    };
    return {
      version: record?.version ?? 0,
      settings: shown((name) =>
        name in set ? set[name] : this.#configuredValue(name)
      ),
      configured: shown((name) => this.#configuredValue(name)),
      set: SETTING_NAMES.filter((name) => name in set),
    };
  }
}

function flat(sections: Omit<SettingsPatch, "reset">): SetValues {
  return Object.fromEntries(
    Object.entries(sections).flatMap(([section, members]) =>
      Object.entries(members ?? {}).flatMap(([member, value]) =>
        value === undefined ? [] : [[`${section}.${member}`, value]]
      )
    ),
  );
}

function without(set: SetValues, names: readonly string[]): SetValues {
  return Object.fromEntries(
    Object.entries(set).filter(([name]) => !names.includes(name)),
  );
}
