import assert from "node:assert/strict";
import { matchRules, type Subjects } from "./subjects.ts";

function counted(address: string, ...patterns: string[]): string[] {
  const subjects: Subjects = {
    workspace: "wsp_1",
    groups: [],
    user: "usr_1",
    key: null,
    model: null,
    address,
  };
  return matchRules(patterns.map((subject) => ({ subject })), subjects)
    .map(({ subject }) => subject);
}

Deno.test("matchRules: a client of version 6 is one, whichever address of its network it takes", () => {
  const network = ["address:2001:db8:1:2::/64"];
  assert.deepEqual(counted("2001:db8:1:2::1", "address:*"), network);
  assert.deepEqual(counted("2001:db8:1:2:ffff::9", "address:*"), network);
  assert.deepEqual(counted("2001:db8:1:3::1", "address:*"), [
    "address:2001:db8:1:3::/64",
  ]);
  assert.deepEqual(counted("192.0.2.7", "address:*"), ["address:192.0.2.7"]);
});

Deno.test("matchRules: a rule for one address or network replaces the one for each", () => {
  const rules = ["address:*", "address:2001:db8:1:2::1"];
  assert.deepEqual(counted("2001:db8:1:2::1", ...rules), [rules[1]]);
  assert.deepEqual(counted("2001:db8:1:2::2", ...rules), [
    "address:2001:db8:1:2::/64",
  ]);
});
