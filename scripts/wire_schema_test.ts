import assert from "node:assert/strict";
import { WIRE_SCHEMA, wireSchemas } from "./wire_schema.ts";

Deno.test("wire_schema.json: is what `deno run -A scripts/wire_schema.ts` writes of the wire's types now", async () => {
  const stored: unknown = JSON.parse(await Deno.readTextFile(WIRE_SCHEMA));
  assert.deepEqual(JSON.parse(wireSchemas()), stored);
});
