/** What a generated snapshot module holds; specifiers are as the module is to import them. */
export interface SnapshotSource {
  mode: "production" | "development";
  buildId: string;
  /** Specifier of the module that exports `setBuildSnapshot`. */
  internalSpecifier: string;
  /** Expression for the absolute path of the project. */
  rootExpression: string;
  clientEntry: string;
  clientCss: string[];
  islands: Array<
    { specifier: string; name: string; url: string; css: string[] }
  >;
  routes: Array<{ file: string; specifier: string; eager: boolean }>;
  /** Whether routes are imported with the module or at their first use. */
  routeImport: "static" | "dynamic";
  /** Further lines before the snapshot, for `staticFileExpression`. */
  prelude: string[];
  /** Expression of a function from a URL path to a static file or null. */
  staticFileExpression: string;
}

/**
 * Writes the module that hands a build to the app. Each function an island module exports is an
 * island: the default export under the module's name, others under their own.
 */
export function generateSnapshot(source: SnapshotSource): string {
  const text = (value: unknown) => JSON.stringify(value);
  const isStatic = source.routeImport === "static";
  const lines = [
    `import { setBuildSnapshot } from ${text(source.internalSpecifier)};`,
    ...source.islands.map(({ specifier }, index) =>
      `import * as island${index} from ${text(specifier)};`
    ),
    ...(isStatic
      ? source.routes.map(({ specifier }, index) =>
        `import * as route${index} from ${text(specifier)};`
      )
      : []),
    ...source.prelude,
    `const islands = [];`,
    `const names = new Set();`,
    `function addIslands(module, moduleName, url, css) {`,
    `  for (const [exportName, component] of Object.entries(module)) {`,
    `    if (typeof component !== "function") continue;`,
    `    const base = exportName === "default" ? moduleName : exportName;`,
    `    let name = base;`,
    "    for (let count = 1; names.has(name); count++) name = `${base}_${count}`;",
    `    names.add(name);`,
    `    islands.push({ name, exportName, component, url, css });`,
    `  }`,
    `}`,
    ...source.islands.map(({ name, url, css }, index) =>
      `addIslands(island${index}, ${text(name)}, ${text(url)}, ${text(css)});`
    ),
    `setBuildSnapshot({`,
    `  mode: ${text(source.mode)},`,
    `  buildId: ${text(source.buildId)},`,
    `  root: ${source.rootExpression},`,
    `  clientEntry: ${text(source.clientEntry)},`,
    `  clientCss: ${text(source.clientCss)},`,
    `  islands,`,
    `  routes: [`,
    ...source.routes.map(({ file, specifier, eager }, index) => {
      const load = isStatic ? `route${index}` : `import(${text(specifier)})`;
      return `    { file: ${
        text(file)
      }, eager: ${eager}, load: () => ${load} },`;
    }),
    `  ],`,
    `  staticFile: ${source.staticFileExpression},`,
    `});`,
  ];
  return lines.join("\n") + "\n";
}
