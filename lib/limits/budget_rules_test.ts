import assert from "node:assert/strict";
import type { BudgetRule } from "@/lib/config/budgets.ts";
import { budgetsFor, effectiveRules } from "./budget_rules.ts";
import type { Subjects } from "./subjects.ts";

const SUBJECTS: Subjects = {
  workspace: "wsp_1",
  groups: ["grp_1", "grp_2"],
  user: "usr_1",
  key: "key_1",
  model: "m1",
  address: "192.0.2.1",
};

const NOW = Date.parse("2026-11-21T10:00:00Z");

function rule(subject: string, more: Partial<BudgetRule> = {}): BudgetRule {
  return { subject, period: "day", usd: "1", softRatio: 0.5, ...more };
}

function held(
  rules: BudgetRule[],
  ...rest: [Parameters<typeof budgetsFor>[3]?]
) {
  return budgetsFor(rules, SUBJECTS, NOW, ...rest).map((
    { subject, span, limit, soft },
  ) => [subject, span.name, limit.microUsd, limit.tokens, soft.microUsd]);
}

Deno.test("budgetsFor: each kind of subject holds, for each of its subjects", () => {
  const rules = ["workspace", "group", "user", "key", "model", "address"]
    .map((kind) => rule(`${kind}:*`));
  assert.deepEqual(held(rules).map(([subject]) => subject), [
    "workspace:wsp_1",
    "group:grp_1",
    "group:grp_2",
    "user:usr_1",
    "key:key_1",
    "model:m1",
    "address:192.0.2.1",
  ]);
});

Deno.test("budgetsFor: a budget for somebody by name holds in place of one for each", () => {
  assert.deepEqual(
    held([rule("user:*"), rule("user:usr_1", { usd: "2" })]),
    [["user:usr_1", "2026-11-21", 2_000_000, null, 1_000_000]],
  );
});

Deno.test("budgetsFor: budgets for several periods all hold", () => {
  assert.deepEqual(
    held([rule("user:*"), rule("user:*", { period: "month", usd: "20" })])
      .map(([, period]) => period),
    ["2026-11-21", "2026-11"],
  );
});

Deno.test("budgetsFor: what stands on the key never loosens a budget", () => {
  const key = { period: "day", usd: "3", tokens: 10, softRatio: null } as const;
  assert.deepEqual(
    held([rule("key:*")], key),
    [["key:key_1", "2026-11-21", 1_000_000, 10, 500_000]],
  );
});

Deno.test("budgetsFor: a budget without any bound is none", () => {
  assert.deepEqual(held([rule("user:*", { usd: null })]), []);
});

Deno.test("effectiveRules: what a workspace has set takes the place of the config file's for the same", () => {
  const rules = effectiveRules(
    [rule("user:*"), rule("key:*")],
    [rule("user:*", { usd: null }), rule("user:*", { period: "week" })],
  );
  assert.deepEqual(
    rules.map(({ subject, period, usd }) => [subject, period, usd]),
    [
      ["user:*", "day", null],
      ["user:*", "week", "1"],
      ["key:*", "day", "1"],
    ],
  );
});
