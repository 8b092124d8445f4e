import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import {
  drillHref,
  type UsageChoice,
  usageHref,
  withoutFilter,
} from "@/lib/shared/usage/usage_choice.ts";
import { heldValues, readUsageChoice } from "./usage_page_choice.ts";

const DEFAULTS = { timeZone: "Europe/Berlin", range: null };

function read(query: string, path: UsageChoice["path"] = "/admin/usage") {
  return readUsageChoice(new URL(`http://h${path}?${query}`), path, DEFAULTS);
}

Deno.test("readUsageChoice: what makes no sense is left out, so that an old link still opens", () => {
  const nonsense = [
    "range=century&groupBy=colour&measure=joy&timeZone=Mars/Olympus",
    "from=2026-02-30&to=yesterday",
    "from=1066-10-14",
    "sort=beauty&range=&timeZone=" + "x".repeat(5_000),
  ];
  for (const query of nonsense) {
    const choice = read(query);
    assert.equal(choice.range, "30d", query);
    assert.equal(choice.groupBy, "model", query);
    assert.equal(choice.timeZone, "Europe/Berlin", query);
  }
  assert.equal(read("all=-3").all, 1);
  assert.equal(read("all=drop table").all, 1);
});

Deno.test("readUsageChoice: too much of a filter is refused by its name", () => {
  const many = Array.from({ length: 30 }, (_, index) => `model=m${index}`);
  for (const query of [many.join("&"), `key=${"k".repeat(300)}`]) {
    assert.throws(
      () => read(query),
      (error) => error instanceof AppError && error.status === 400,
    );
  }
});

Deno.test("readUsageChoice: nobody's own page is about somebody else", () => {
  const { filters } = read("user=usr_other&group=grp_x&model=m", "/usage");
  assert.deepEqual(filters, { model: ["m"] });
});

Deno.test("readUsageChoice: two days make a custom range, the earlier one first", () => {
  const { range, fromDay, toDay } = read("from=2026-11-03&to=2026-11-01");
  assert.deepEqual([range, fromDay, toDay], [
    "custom",
    "2026-11-01",
    "2026-11-03",
  ]);
});

Deno.test("usageHref: what it says is read again as it was", () => {
  const choice = read(
    "range=7d&groupBy=user&measure=tokens&model=a%26b&model=c&key=none&all=2&sort=errors&timeZone=Asia/Kolkata",
  );
  const again = read(usageHref(choice).slice(1));
  assert.deepEqual(again, choice);
  assert.deepEqual(heldValues(choice.filters), {
    model: ["a&b", "c"],
    key: [""],
  });
});

Deno.test("drillHref: leads into one value and keeps the other filters", () => {
  const choice = read("range=7d&groupBy=user&source=v1");
  const query = new URLSearchParams(
    drillHref(choice, "user", "usr_1").slice(1),
  );
  assert.equal(query.get("user"), "usr_1");
  assert.equal(query.get("source"), "v1");
  assert.equal(query.get("groupBy"), null);
});

Deno.test("withoutFilter: takes one value away, the last one with its dimension", () => {
  const choice = read("model=a&model=b");
  assert.deepEqual(withoutFilter(choice, "model", "a"), { model: ["b"] });
  assert.deepEqual(withoutFilter(read("model=a"), "model", "a"), {});
});
