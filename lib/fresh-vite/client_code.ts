/**
 * The browser module of every page with islands: the app's client entry for its effects (style
 * sheets), then what the markup calls.
 */
export function generateClientEntry(
  clientEntry: string | null,
  runtimeSpecifier: string,
): string {
  return [
    ...(clientEntry === null ? [] : [`import ${JSON.stringify(clientEntry)};`]),
    `export * from ${JSON.stringify(runtimeSpecifier)};`,
  ].join("\n") + "\n";
}
