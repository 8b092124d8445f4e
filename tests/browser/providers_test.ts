/** Providers and routes in a real browser: added, tried, switched and removed, in every dress. */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { button } from "../support/chat_page.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";

const KEY = "sk-0123456789abcdefghij-wxyz";

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

async function fill(page: Page, name: string, text: string): Promise<void> {
  const form = page.locator("#add-provider");
  await form.getByLabel(name, { exact: true }).fill(text);
}

Deno.test("providers in a browser: one is tried, added, drained and removed, and a route beside it, in every dress", async () => {
  await using upstream = Object.assign(
    await startFakeUpstream({ apiKey: KEY }),
    { [Symbol.asyncDispose]: () => upstream.close() },
  );
  await using app = await startApp({
    configFile: {
      providers: [{
        id: "of-the-settings",
        baseUrl: "http://127.0.0.1:1/v1",
        models: ["a-model-with-a-very-long-name/that-somebody-has-chosen-2026"],
      }],
    },
  });
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(
      `${app.url}/admin/providers`,
      options,
    );
    const look = async (what: string) => {
      await assertAccessible(page, `${what} ${dress}`);
      await assertNoSidewaysScroll(page, `${what} ${dress}`);
    };
    await look("providers");
    await fill(page, "Name", "added");
    await fill(page, "Address", upstream.url);
    await fill(page, "Key", "sk-wrong");
    await button(page, "Test connection").click();
    await page.getByText("does not accept the key").waitFor();
    await look("failed test");
    await fill(page, "Key", KEY);
    await button(page, "Test connection").click();
    await page.getByText("It answers, and has 3 models").waitFor();
    await button(page, "Add provider").click();
    await page.getByRole("heading", { level: 1, name: "added" }).waitFor();
    assert.ok(!(await page.content()).includes(KEY));
    await button(page, "Test connection").click();
    await page.getByText("It works.").waitFor();
    await look("provider");
    await button(page, "Drain").click();
    await page.getByText("Drained", { exact: true }).waitFor();
    await look("drained provider");
    await button(page, "Use again").click();
    await page.getByText("In use again").waitFor();

    await page.goto(`${app.url}/admin/providers#add-route`);
    const form = page.locator("#add-route");
    await form.getByLabel("Name", { exact: true }).fill("best");
    await form.getByLabel("Provider of model 1").selectOption("added");
    await form.getByLabel("Name of model 1").fill("fake-1");
    await button(page, "Add route").click();
    const row = page.getByRole("row", { name: /^best/ });
    await row.getByText("added/fake-1").waitFor();
    await look("route");
    await row.getByRole("link", { name: "best" }).click();
    await page.getByLabel("Name of model 2").fill("x");
    await page.getByLabel("Place of model 2").fill("0");
    await button(page, "Save").click();
    await page.getByText(/has no model "x"/).waitFor();
    await look("refused route");

    await page.goto(`${app.url}/admin/providers/added`);
    await page.getByText("Remove provider", { exact: true }).click();
    await page.getByText("1 route leads to it").waitFor();
    await look("provider to be removed");
    await button(page, "Remove added").click();
    await page.getByText("Provider removed").waitFor();
    await page.getByText("Leads nowhere").waitFor();
    await page.goto(`${app.url}/admin/providers/routes/best`);
    await page.getByText("Remove route", { exact: true }).click();
    await button(page, "Remove best").click();
    await page.getByText("Route removed").waitFor();
    assert.deepEqual(
      errors.filter((text) => !/status of 4\d\d/.test(text)),
      [],
      dress,
    );
  }
});
