/** Loads what `/admin/settings` shows of the server, for those who run it. */
import type { RunningSettings } from "@/lib/settings/settings_input.ts";
import { SETTING_NAMES } from "@/lib/settings/settings_input.ts";
import type {
  RunningSettingsView,
  ShownSetting,
} from "@/lib/shared/server_settings_view.ts";
import type { State } from "@/utils.ts";
import { settingOf } from "./settings_form.ts";
import { settingsFromStart } from "./settings_sources.ts";

export interface ServerSettingsView {
  running: RunningSettingsView;
  atStart: ShownSetting[];
}

/** Null for who does not run the server. */
export async function loadServerSettings(
  { caller, services: { config, serverSettings } }: State,
): Promise<ServerSettingsView | null> {
  if (!caller.isOperator) return null;
  const [all, atStart] = await Promise.all([
    serverSettings.all(),
    settingsFromStart(config, SETTING_NAMES, (name) => Deno.env.get(name)),
  ]);
  return {
    running: {
      version: all.version,
      values: texts(all.settings),
      configured: texts(all.configured),
      set: all.set,
    },
    atStart,
  };
}

function texts(settings: RunningSettings): Record<string, string> {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => [name, textOf(settingOf(settings, name))]),
  );
}

function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "";
  if (Array.isArray(value)) return value.length > 0 ? "on" : "";
  return value === null ? "" : String(value);
}
