import assert from "node:assert/strict";
import { AUDIT_TYPES } from "@/lib/audit/audit_types.ts";
import { AUDIT_WORDS, factValue, factWords } from "./audit_words.ts";

Deno.test("AUDIT_WORDS: every type of the audit log has words, and nothing else", () => {
  assert.deepEqual(Object.keys(AUDIT_WORDS).sort(), [...AUDIT_TYPES].sort());
});

Deno.test("facts: are told in words", () => {
  assert.equal(factWords("expiresAt"), "Expires at");
  assert.deepEqual([null, true, [], ["a", "b"], 3].map(factValue), [
    "not set",
    "yes",
    "none",
    "a, b",
    "3",
  ]);
});
