import assert from "node:assert/strict";
import { outgoingSchema } from "./outgoing.ts";

Deno.test("outgoingSchema: takes networks and hosts, and names what is neither", () => {
  assert.deepEqual(outgoingSchema.parse({}), { allow: [] });
  const allow = ["10.1.0.0/16", "fd00::/8", "hooks.internal"];
  assert.deepEqual(outgoingSchema.parse({ allow }), { allow });
  for (const text of ["http://hooks.internal", "10.1/16", "*", ""]) {
    const parsed = outgoingSchema.safeParse({ allow: [text] });
    assert.deepEqual(parsed.error?.issues[0].path, ["allow", 0], text);
  }
});
