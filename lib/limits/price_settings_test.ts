import assert from "node:assert/strict";
import { PriceList } from "@/lib/llm/prices.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { SettingsBell } from "@/lib/kv/settings_bell.ts";
import { PriceSettings } from "./price_settings.ts";

const PRICE = {
  model: "m1",
  from: "2026-01-01",
  inputPerMillionUsd: "1",
  outputPerMillionUsd: "1",
};

const CALLER = {
  workspace: "wsp_0000000000000000000000",
  user: "usr_1",
  key: null,
  address: "",
};

Deno.test("PriceSettings: what one process sets holds in another when the bell has rung", async () => {
  using test = await openTestStore();
  const lists = [new PriceList([PRICE]), new PriceList([PRICE])];
  const [one, other] = lists.map((list) =>
    new PriceSettings(test.store, [PRICE], list)
  );
  const bell = new SettingsBell(test.store);
  bell.listen(() => other.refresh());
  await bell.look();
  const dearer = { ...PRICE, from: "2026-02-01", inputPerMillionUsd: "5" };
  await one.set(CALLER, [dearer], () => {});
  const at = new Date("2026-03-01");
  const usage = { inputTokens: 100, cachedInputTokens: 0, outputTokens: 0 };
  const costs = () => lists.map((list) => list.cost("m1", usage, at)?.microUsd);
  assert.deepEqual(costs(), [500, 100]);
  await bell.look();
  assert.deepEqual(costs(), [500, 500]);
  // The past stays as it was.
  const before = new Date("2026-01-15");
  assert.equal(lists[1].cost("m1", usage, before)?.microUsd, 100);
});

Deno.test("PriceSettings: what was set is there after a restart", async () => {
  using test = await openTestStore();
  const first = new PriceSettings(test.store, [], new PriceList([]));
  await first.set(CALLER, [PRICE], () => {});
  const list = new PriceList([]);
  await new PriceSettings(test.store, [], list).refresh();
  assert.notEqual(list.find("m1", new Date("2026-03-01")), null);
});
