/**
 * Writes the JSON Schemas of the types that go over the wire, for the description of the APIs. Run it
 * after a change of `lib/shared/wire.ts`; a test says so too.
 */
import { createGenerator } from "ts-json-schema-generator";

const SOURCES = ["lib/shared/wire.ts"];

export const WIRE_SCHEMA = "lib/http/openapi/wire_schema.json";

/** The schemas by the names of their types, as the text of their file. */
export function wireSchemas(): string {
  const schemas: Record<string, unknown> = {};
  for (const path of SOURCES) {
    const { definitions = {} } = createGenerator({
      path,
      type: "*",
      // The checker of types has its own step in the gate, and knows the app's imports.
      skipTypeCheck: true,
      additionalProperties: true,
    }).createSchema("*");
    Object.assign(schemas, definitions);
  }
  const text = JSON.stringify(schemas, null, 2)
    .replaceAll("#/definitions/", "#/components/schemas/");
  return `${text}\n`;
}

if (import.meta.main) await Deno.writeTextFile(WIRE_SCHEMA, wireSchemas());
