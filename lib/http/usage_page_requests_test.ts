import assert from "node:assert/strict";
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import { readRequestQuestion } from "./request_query.ts";
import { requestsOf } from "./usage_page_requests.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const SPAN = { fromMs: NOW - 86_400_000, toMs: NOW };
const CHOICE: UsageChoice = {
  path: "/admin/usage",
  range: "24h",
  fromDay: null,
  toDay: null,
  timeZone: "UTC",
  isZoneChosen: false,
  groupBy: "model",
  measure: null,
  filters: {},
  all: null,
  sort: null,
};

Deno.test("requestsOf: the list asks for the same span, model and person", () => {
  const filters = { model: ["gpt-5-mini"], user: ["Åsa & co"] };
  const { slow, failed } = requestsOf({ ...CHOICE, filters }, SPAN, NOW)!;
  const question = readRequestQuestion(new URL(slow, "http://a.example"));
  assert.equal(question.mark, "slow");
  assert.equal(question.texts.model, "gpt-5-mini");
  assert.equal(question.texts.user, "Åsa & co");
  assert.equal(question.fromMs, SPAN.fromMs);
  assert.equal(question.toMs, null);
  const past = requestsOf(CHOICE, { ...SPAN, toMs: NOW - 1_000 }, NOW)!;
  const ended = readRequestQuestion(new URL(past.failed, "http://a.example"));
  assert.equal(ended.toMs, NOW - 1_000);
  assert.match(failed, /result=failed/);
});

Deno.test("requestsOf: nothing is promised that a list of requests cannot show", () => {
  const refused: Partial<UsageChoice>[] = [
    { path: "/usage" },
    { filters: { group: ["grp_1"] } },
    { filters: { model: ["a", "b"] } },
    { filters: { key: ["none"] } },
    { filters: { source: ["title"] } },
  ];
  for (const changes of refused) {
    assert.equal(
      requestsOf({ ...CHOICE, ...changes }, SPAN, NOW),
      null,
      JSON.stringify(changes),
    );
  }
});
