/** Settings that are read when the server starts, each with where it is from. */
import type { Config } from "@/lib/config.ts";
import { readConfigFile } from "@/lib/config/file.ts";
import type { ShownSetting } from "@/lib/shared/server_settings_view.ts";
import { settingsInForce } from "./health_settings.ts";

/** Names of environment variables that stand for what the page calls by another name. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  Store: ["DENO_KV_DEFAULT_PATH", "DATA_DIR"],
  "Default provider": ["OPENAI_API_KEY", "OPENAI_BASE_URL"],
  "Provider openai": ["OPENAI_API_KEY", "OPENAI_BASE_URL"],
};

/** Sections of the config file by how their rows begin. */
const SECTIONS = [
  ["Provider ", "providers"],
  ["Route ", "routes"],
] as const;

/**
 * @param running names of the settings that can be set while the server runs, which are shown elsewhere
 * @param env reads a variable of the environment
 */
export async function settingsFromStart(
  config: Config,
  running: readonly string[],
  env: (name: string) => string | undefined,
): Promise<ShownSetting[]> {
  const defaults = await readConfigFile(undefined, () => Promise.resolve(""));
  const isDefault = (section: string) =>
    JSON.stringify(Reflect.get(defaults, section)) ===
      JSON.stringify(Reflect.get(config, section));
  const memberIsDefault = (section: string, member: string) =>
    JSON.stringify(
      Reflect.get(Reflect.get(defaults, section) ?? {}, member),
    ) ===
      JSON.stringify(Reflect.get(Reflect.get(config, section) ?? {}, member));
  const sourceOf = (name: string): ShownSetting["source"] => {
    const variables = VARIABLES[name] ?? (/^[A-Z_]+$/.test(name) ? [name] : []);
    if (variables.some((each) => Boolean(env(each)?.trim()))) {
      return "environment";
    }
    if (variables.length > 0) return "default";
    const [section, member] = name.split(".");
    if (member !== undefined) {
      return memberIsDefault(section, member) ? "default" : "config file";
    }
    const whole = SECTIONS.find(([begins]) => name.startsWith(begins))?.[1] ??
      section;
    return isDefault(whole) ? "default" : "config file";
  };
  return settingsInForce(config)
    .filter(({ name }) => !running.includes(name))
    .map((setting) => ({ ...setting, source: sourceOf(setting.name) }));
}
