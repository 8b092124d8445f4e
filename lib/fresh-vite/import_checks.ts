import { isBuiltin } from "node:module";
import type { ImportCheck, ImportDiagnostic } from "./options.ts";

/** Packages of the server half of Fresh, which no island can use. */
const SERVER_PACKAGES = /^(?:fresh|jsr:\/?@fresh\/core(?:@[^/]*)?)$/;

/** Stops modules of the runtime that a browser does not have. */
const noServerBuiltins: ImportCheck = (id, environment) => {
  if (environment !== "client" || !isBuiltin(id)) return;
  return {
    type: "error",
    message: `An island imports "${id}", which only exists on the server`,
    description:
      "Move the code that needs it into a route or middleware and hand the island its result as a prop",
  };
};

/** Stops the server framework from being bundled for browsers. */
const noServerFramework: ImportCheck = (id, environment) => {
  if (environment !== "client" || !SERVER_PACKAGES.test(id)) return;
  return {
    type: "error",
    message: `An island imports "${id}", which is server code`,
    description:
      'Import from "fresh/runtime" instead; import types with "import type"',
  };
};

export const BUILT_IN_CHECKS: ImportCheck[] = [
  noServerBuiltins,
  noServerFramework,
];

/** All that `checks` have to say about an import. */
export function runImportChecks(
  checks: ImportCheck[],
  id: string,
  environment: "client" | "ssr",
): ImportDiagnostic[] {
  return checks.map((check) => check(id, environment))
    .filter((diagnostic) => diagnostic !== undefined && diagnostic !== null)
    .map((diagnostic) => diagnostic as ImportDiagnostic);
}

/** One text for a diagnostic, with the chain of modules that leads to the import. */
export function describeDiagnostic(
  diagnostic: ImportDiagnostic,
  importers: string[],
): string {
  const chain = importers.map((file) => `  imported by ${file}`);
  return [
    diagnostic.message,
    ...chain,
    ...(diagnostic.description ? [diagnostic.description] : []),
  ].join("\n");
}
