/** The form of the server's settings, as it comes without a script. */
import type { AllSettings } from "@/lib/settings/server_settings.ts";
import {
  SETTING_NAMES,
  settingsPatchSchema,
} from "@/lib/settings/settings_input.ts";
import type { State } from "@/utils.ts";
import { acceptVersion, attemptForm, FormRefused } from "./task_form.ts";

type Read = (text: string, form: URLSearchParams) => unknown;

const isOn: Read = (text) => text === "on";
const textOrNull: Read = (text) => text.trim() || null;
const asItIs: Read = (text) => text;
const numberIn = (text: string): unknown => {
  const typed = text.trim().replaceAll(/[ ,']/g, "");
  // What is no number stays as it is, for the schema to refuse.
  return /^\d{1,12}$/.test(typed) ? Number(typed) : text;
};

/** By the name of the setting, which is that of its field. */
const READ: Readonly<Record<string, Read>> = {
  "titles.enabled": isOn,
  "titles.model": textOrNull,
  "cache.policy": asItIs,
  "cache.scope": asItIs,
  "cache.ttlSeconds": numberIn,
  "requestLog.bodies": isOn,
  "requestLog.redact": (text) => text === "on" ? ["email"] : [],
  "admission.maxStreams": (text) => text.trim() === "" ? null : numberIn(text),
};

/** What all fields of the form say. */
function valuesIn(form: URLSearchParams): Map<string, unknown> {
  return new Map(
    SETTING_NAMES.map((name) => [name, READ[name](form.get(name) ?? "", form)]),
  );
}

/** A setting by its name. */
export function settingOf(
  settings: AllSettings["settings"],
  name: string,
): unknown {
  const [section, member] = name.split(".");
  return Reflect.get(Reflect.get(settings, section), member);
}

/**
 * Sets what the form says. What is as the config file has it is left to that from then on.
 * @throws {FormRefused} when it cannot be done
 */
export async function changeSettings(
  { caller, services: { serverSettings } }: State,
  form: URLSearchParams,
): Promise<void> {
  const { configured } = await serverSettings.all();
  const patch: Record<string, Record<string, unknown>> = {};
  const reset: string[] = [];
  for (const [name, value] of valuesIn(form)) {
    const isConfigured = JSON.stringify(settingOf(configured, name)) ===
      JSON.stringify(value);
    if (isConfigured) reset.push(name);
    else {
      const [section, member] = name.split(".");
      (patch[section] ??= {})[member] = value;
    }
  }
  const parsed = settingsPatchSchema.safeParse({ ...patch, reset });
  if (!parsed.success) {
    const errors: Record<string, string> = {};
    for (const { path, message } of parsed.error.issues) {
      errors[path.slice(0, 2).join(".")] ??= sentence(message);
    }
    throw new FormRefused(400, { values: Object.fromEntries(form), errors });
  }
  await attemptForm(
    form,
    () => serverSettings.update(caller, parsed.data, acceptVersion(form)),
  );
}

function sentence(message: string): string {
  return `${message[0].toUpperCase()}${message.slice(1)}`;
}
