import assert from "node:assert/strict";
import { matchRules, modelSubject, type Subjects } from "./subjects.ts";

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

Deno.test("matchRules: a model is met by a rule for any of its names, and counted by the rule's", () => {
  const subjects: Subjects = {
    workspace: "wsp_1",
    groups: [],
    user: null,
    key: null,
    address: null,
    ...modelSubject(["m1", "openai/m1"]),
  };
  const met = (...patterns: string[]) =>
    matchRules(patterns.map((subject) => ({ subject })), subjects)
      .map(({ subject, isSpecific }) => [subject, isSpecific]);
  assert.deepEqual(met("model:*"), [["model:m1", false]]);
  assert.deepEqual(met("model:m1", "model:*"), [["model:m1", true]]);
  assert.deepEqual(met("model:openai/m1", "model:*"), [
    ["model:openai/m1", true],
  ]);
  assert.deepEqual(met("model:openai/m1", "model:m1"), [
    ["model:m1", true],
    ["model:openai/m1", true],
  ]);
  assert.deepEqual(met("model:m2"), []);
});
