/** The settings of the server and the style page in a real browser. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { button } from "../support/chat_page.ts";

Deno.test("settings of the server: what is set here says what holds without it; what cannot be is told beside it", async () => {
  await using app = await startApp({
    configFile: { cache: { policy: "all" } },
  });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(
    `${app.url}/admin/settings`,
    { viewport: DESKTOP, colorScheme: "light" },
  );
  const look = async (what: string) => {
    await assertAccessible(page, what);
    await assertNoSidewaysScroll(page, what);
  };
  const seconds = page.getByRole("textbox", { name: "How long, in seconds" });
  await page.getByRole("combobox", { name: "Which" }).selectOption("off");
  await seconds.fill("a day");
  await button(page, "Save settings").click();
  await page.getByRole("textbox", { name: "How long, in seconds" })
    .and(page.locator("[aria-invalid=true]")).waitFor();
  assert.equal(await seconds.inputValue(), "a day");
  await look("a refused setting");
  await seconds.fill("86400");
  await button(page, "Save settings").click();
  await page.getByText("Settings saved").waitFor();
  await page.getByText("Set here. Without that: All.").waitFor();
  const { serverSettings } = app.services;
  assert.equal(serverSettings.cache.policy, "off");
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: "dark" });
  await look("settings on a phone");
  // As the config file has it is as if it had never been set.
  await page.getByRole("combobox", { name: "Which" }).selectOption("all");
  await button(page, "Save settings").click();
  await page.getByText("Settings saved").waitFor();
  assert.deepEqual((await serverSettings.all()).set, []);
  await page.goto(`${app.url}/admin/styleguide`);
  await look("the style page on a phone");
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: "light" });
  await look("the style page");
  assert.deepEqual(errors.filter((text) => !/status of 400/.test(text)), []);
});
