/** Budgets and prices in a real browser: the pages that set them, and what a spent budget looks like. */
import assert from "node:assert/strict";
import type { BrowserContextOptions } from "playwright-core";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { startChat } from "../support/chat_client.ts";
import { askOn, button, shows } from "../support/chat_page.ts";

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

const LONG_MODEL =
  "a-model-with-a-very-long-name/that-somebody-has-chosen-for-it-2026";

Deno.test("money in a browser: admins set budgets and prices by form, in every dress", async () => {
  await using rig = await startChat({}, {
    configFile: {
      budgets: [
        { subject: "key:*", period: "day", usd: "1.00" },
        { subject: `model:${LONG_MODEL}`, period: "total", tokens: 10_000_000 },
      ],
      prices: [{
        model: LONG_MODEL,
        from: "2026-01-01",
        inputPerMillionUsd: "1.00",
        outputPerMillionUsd: "2.00",
      }],
    },
  });
  const { app } = rig;
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(
      `${app.url}/admin/budgets`,
      options,
    );
    const look = async (what: string) => {
      await assertAccessible(page, `${what} ${dress}`);
      await assertNoSidewaysScroll(page, `${what} ${dress}`);
    };
    await look("budgets");
    await page.getByRole("textbox", { name: "US dollars" }).fill("a lot");
    await button(page, "Set budget").click();
    await page.getByText("Want US dollars as a decimal string").waitFor();
    await look("refused budget");
    await page.getByRole("textbox", { name: "US dollars" }).fill("12.5");
    await button(page, "Set budget").click();
    const row = page.getByRole("row", { name: /Each person/ });
    await row.getByText("12.50").waitFor();
    await row.getByText("Remove", { exact: true }).click();
    await look("budget to be removed");
    await button(page, "Remove the budget for Each person").click();
    await row.waitFor({ state: "detached" });
    await page.goto(`${app.url}/admin/prices`);
    await look("prices");
    await page.getByRole("combobox", { name: "Model" }).fill("fake-1");
    await page.getByRole("textbox", { name: "Input", exact: true }).fill("3");
    await page.getByRole("textbox", { name: "Output" }).fill("15");
    await button(page, "Set price").click();
    const price = page.getByRole("row", { name: /^fake-1/ });
    await price.getByText("15.00").waitFor();
    await price.getByText("Remove", { exact: true }).click();
    await look("price to be removed");
    await button(page, "Remove the price of fake-1").click();
    await price.waitFor({ state: "detached" });
    assert.deepEqual(
      errors.filter((text) => !/status of 400/.test(text)),
      [],
      dress,
    );
  }
});

Deno.test("money in a browser: an answer that a budget has cut off says so, also after a reload", async () => {
  const words = Array.from({ length: 1_600 }, (_, index) => `w${index % 10} `);
  await using rig = await startChat(
    { behaviour: { text: words.join(""), split: false, burst: 20 } },
    {
      configFile: {
        budgets: [{ subject: "user:*", period: "day", tokens: 1_100 }],
      },
    },
  );
  await using browser = await startBrowser();
  const { page } = await browser.open(rig.app.url);
  await askOn(page, "Tell me all");
  await shows(page, "The answer ends here: a budget is spent.");
  await page.reload();
  await shows(page, "The answer ends here: a budget is spent.");
  await assertAccessible(page, "a cut answer");
  await askOn(page, "And now?");
  await shows(page, "The budget of 1,100 tokens a day for you has");
});
