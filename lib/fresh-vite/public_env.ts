const PUBLIC_ENV_READ =
  /\b(?:Deno\.env\.get\(\s*(["'`])(FRESH_PUBLIC_\w+)\1\s*\)|process\.env\.(FRESH_PUBLIC_\w+))/g;

/**
 * Replaces reads of `FRESH_PUBLIC_*` variables by their values, `undefined` where unset; null when
 * the code reads none. Browsers have no environment, so the value of the build is what islands see.
 */
export function inlinePublicEnv(
  code: string,
  env: (name: string) => string | undefined,
): string | null {
  if (!code.includes("FRESH_PUBLIC_")) return null;
  let found = false;
  const result = code.replace(
    PUBLIC_ENV_READ,
    (_match, _quote, fromDeno?: string, fromProcess?: string) => {
      found = true;
      const value = env(fromDeno ?? fromProcess ?? "");
      return value === undefined ? "undefined" : JSON.stringify(value);
    },
  );
  return found ? result : null;
}
