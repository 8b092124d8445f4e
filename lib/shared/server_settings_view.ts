/** What the page of the server's settings shows. */

/** A setting that is read when the server starts. */
export interface ShownSetting {
  name: string;
  /** Of a secret only whether it is set. */
  value: string;
  isSecret: boolean;
  source: "environment" | "config file" | "default";
}

/** The settings that can be set while the server runs, as texts of the form's fields. */
export interface RunningSettingsView {
  version: number;
  /** By name, such as `cache.policy`; of a box `on` or empty. */
  values: Readonly<Record<string, string>>;
  /** The same as the config file says it. */
  configured: Readonly<Record<string, string>>;
  /** Names of those that somebody has set here. */
  set: readonly string[];
}
