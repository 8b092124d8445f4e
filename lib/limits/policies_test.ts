import assert from "node:assert/strict";
import {
  effectiveLimits,
  explainLimit,
  type LimitPolicy,
  mergePolicies,
} from "./policies.ts";
import { parsePattern, type Subjects } from "./subjects.ts";

const SUBJECTS: Subjects = {
  workspace: "wsp_1",
  groups: ["grp_1", "grp_2"],
  user: "usr_1",
  key: "key_1",
  model: "m1:8b",
  address: "2001:db8::1",
};

function policy(
  subject: string,
  more: Partial<LimitPolicy> = {},
): LimitPolicy {
  return { name: subject, subject, source: "config", ...more };
}

/** Subject, field and limit of each that holds. */
function held(policies: LimitPolicy[], subjects = SUBJECTS) {
  return effectiveLimits(policies, subjects).map(({ subject, kind, limit }) => [
    subject,
    kind.field,
    limit,
  ]);
}

Deno.test("parsePattern: a kind and an id, which may hold colons, or a star", () => {
  assert.deepEqual(parsePattern("key:*"), { kind: "key", id: "*" });
  assert.deepEqual(parsePattern("model:m1:8b"), { kind: "model", id: "m1:8b" });
  assert.deepEqual(parsePattern("address:::1"), { kind: "address", id: "::1" });
  for (const wrong of ["", "key", "key:", "moon:*", "key: x", ":x"]) {
    assert.equal(parsePattern(wrong), null, wrong);
  }
});

Deno.test("effectiveLimits: policies for different kinds of subjects all hold", () => {
  const requestsPerMinute = 5;
  const kinds = ["workspace", "user", "key", "model", "address"];
  assert.deepEqual(
    held(kinds.map((kind) => policy(`${kind}:*`, { requestsPerMinute }))),
    [
      ["workspace:wsp_1", "requestsPerMinute", 5],
      ["user:usr_1", "requestsPerMinute", 5],
      ["key:key_1", "requestsPerMinute", 5],
      ["model:m1:8b", "requestsPerMinute", 5],
      ["address:2001:db8:0:0::/64", "requestsPerMinute", 5],
    ],
  );
});

Deno.test("effectiveLimits: a policy for one subject replaces that for each of its kind as a whole", () => {
  const each = policy("key:*", { requestsPerMinute: 5, tokensPerMinute: 9 });
  const own = policy("key:key_1", { requestsPerMinute: 50 });
  assert.deepEqual(held([each, own]), [["key:key_1", "requestsPerMinute", 50]]);
  const none = policy("key:key_1");
  assert.deepEqual(held([each, none]), []);
});

Deno.test("effectiveLimits: each of several groups has its own count", () => {
  const each = policy("group:*", { concurrentRuns: 2 });
  const second = policy("group:grp_2", { concurrentRuns: 7 });
  assert.deepEqual(held([each, second]), [
    ["group:grp_1", "concurrentRuns", 2],
    ["group:grp_2", "concurrentRuns", 7],
  ]);
});

Deno.test("effectiveLimits: what nobody has is not limited", () => {
  const each = policy("key:*", { requestsPerMinute: 5 });
  assert.deepEqual(held([each], { ...SUBJECTS, key: null }), []);
});

Deno.test("effectiveLimits: limits of a key's own hold besides and never loosen a policy", () => {
  const each = policy("key:*", { requestsPerMinute: 5 });
  const keyLimits = {
    requestsPerMinute: 50,
    tokensPerMinute: 9,
    concurrentRuns: null,
  };
  assert.deepEqual(held([each], { ...SUBJECTS, keyLimits }), [
    ["key:key_1", "requestsPerMinute", 5],
    ["key:key_1", "tokensPerMinute", 9],
  ]);
  const tighter = { ...keyLimits, requestsPerMinute: 2 };
  assert.deepEqual(held([each], { ...SUBJECTS, keyLimits: tighter })[0], [
    "key:key_1",
    "requestsPerMinute",
    2,
  ]);
});

Deno.test("mergePolicies: an admin's policy takes the place of the config file's for the same subject", () => {
  const configured = [policy("key:*"), policy("user:*")];
  const edited = [policy("user:*", { source: "admin", name: "People" })];
  assert.deepEqual(
    mergePolicies(configured, edited).map(({ subject, source }) => [
      subject,
      source,
    ]),
    [["key:*", "config"], ["user:*", "admin"]],
  );
});

Deno.test("explainLimit: says how much, by which policy, set by whom, and for whom", () => {
  const explain = (policies: LimitPolicy[], subjects = SUBJECTS) =>
    effectiveLimits(policies, subjects).map(explainLimit);
  assert.deepEqual(
    explain([policy("key:*", { requestsPerMinute: 1_000, name: "Robots" })]),
    [
      "Limited to 1,000 requests a minute because the policy “Robots”, from the configuration file, is for each key.",
    ],
  );
  assert.deepEqual(
    explain([
      policy("user:*", { concurrentRuns: 9 }),
      policy("user:usr_1", { concurrentRuns: 1, source: "admin" }),
    ]),
    [
      "Limited to 1 answer at once because a policy, set by an admin, is for the person usr_1 and holds in place of any for each person.",
    ],
  );
  assert.deepEqual(
    explain([], { ...SUBJECTS, keyLimits: { tokensPerMinute: 9 } }),
    [
      "Limited to 9 tokens a minute because that was set on the key itself.",
    ],
  );
});
