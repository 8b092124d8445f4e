/**
 * The browser module of every page with islands: the app's client entry for its effects (style
 * sheets), then what the markup calls. `helpers` are modules that have to run before.
 */
export function generateClientEntry(
  clientEntry: string | null,
  runtimeSpecifier: string,
  helpers: string[] = [],
): string {
  const effects = clientEntry === null ? helpers : [...helpers, clientEntry];
  return [
    ...effects.map((specifier) => `import ${JSON.stringify(specifier)};`),
    `export * from ${JSON.stringify(runtimeSpecifier)};`,
  ].join("\n") + "\n";
}
