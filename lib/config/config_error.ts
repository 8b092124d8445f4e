/** A setting that cannot be used. Its message is the one line to print before the process ends. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** The error of a setting; the value of a secret is not shown. `wanted` says what would be right. */
export function wrongSetting(
  name: string,
  value: string,
  wanted: string,
): ConfigError {
  const shown = /KEY|SECRET|PASSWORD|TOKEN/.test(name) ? "…" : value;
  const message = `Setting ${name}="${shown}" cannot be used: ${wanted}`;
  return new ConfigError(message.replace(/\s*[\r\n]+\s*/g, " "));
}
