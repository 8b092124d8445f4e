import assert from "node:assert/strict";
import { formatWait, providerName } from "./sign_in_words.ts";

Deno.test("formatWait: has two units at most, and leaves out an empty one", () => {
  assert.deepEqual(
    [0, 42, 60, 250, 3_599, 3_600, 7_530].map(formatWait),
    ["0 s", "42 s", "1 min", "4 min 10 s", "59 min 59 s", "1 h", "2 h 5 min"],
  );
});

Deno.test("providerName: is the host of the issuer", () => {
  assert.equal(
    providerName("https://login.example.org/realms/x"),
    "login.example.org",
  );
  assert.equal(providerName("none"), "none");
});
