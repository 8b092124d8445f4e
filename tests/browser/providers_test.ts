/** Providers, routes, models and the cache in a real browser. */
import assert from "node:assert/strict";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startApp, type TestApp } from "../support/app.ts";
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

const DESKTOP_LIGHT: BrowserContextOptions = {
  viewport: DESKTOP,
  colorScheme: "light",
};

const PHONE_DARK: BrowserContextOptions = {
  viewport: PHONE,
  colorScheme: "dark",
  hasTouch: true,
  isMobile: true,
};

async function look(page: Page, what: string): Promise<void> {
  await assertAccessible(page, what);
  await assertNoSidewaysScroll(page, what);
}

/** Adds a provider with the keyboard alone, after trying it with a wrong key. */
async function addByKeyboard(page: Page, url: string): Promise<void> {
  const form = page.locator("#add-provider");
  await form.getByLabel("Name", { exact: true }).focus();
  const { keyboard } = page;
  await keyboard.type("added");
  await keyboard.press("Tab");
  await keyboard.type(url);
  await keyboard.press("Tab");
  await keyboard.type("sk-wrong");
  await button(page, "Test connection").focus();
  await keyboard.press("Enter");
  await page.getByText("does not accept the key").waitFor();
  await look(page, "providers, a failed test");
  await form.getByLabel("Key", { exact: true }).fill(KEY);
  await button(page, "Test connection").focus();
  await keyboard.press("Enter");
  await page.getByText("It answers, and has 3 models").waitFor();
  await form.getByLabel("Key", { exact: true }).focus();
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "added" }).waitFor();
}

async function addRoute(page: Page, app: TestApp): Promise<void> {
  await page.goto(`${app.url}/admin/providers#add-route`);
  const form = page.locator("#add-route");
  await form.getByLabel("Name", { exact: true }).fill("best");
  await form.getByLabel("Provider of model 1").selectOption("added");
  await form.getByLabel("Name of model 1").fill("fake-1");
  await button(page, "Add route").click();
  const row = page.getByRole("row", { name: /^best/ });
  await row.getByText("added/fake-1").waitFor();
  await row.getByRole("link", { name: "best" }).click();
  await page.getByLabel("Name of model 2").fill("x");
  await page.getByLabel("Place of model 2").fill("0");
  await button(page, "Save").click();
  await page.getByText(/has no model "x"/).waitFor();
  await look(page, "a refused route");
  await page.getByLabel("Provider of model 2").selectOption("added");
  await page.getByLabel("Name of model 2").fill("fake-2");
  await button(page, "Save").click();
  await page.getByText("Saved", { exact: true }).waitFor();
  const first = page.getByLabel("Name of model 1");
  assert.equal(await first.inputValue(), "fake-2");
}

Deno.test("providers in a browser: one is tried, added, drained and removed, with a route beside it; models and the cache are looked at", async () => {
  const upstream = await startFakeUpstream({ apiKey: KEY });
  try {
    await using app = await startApp({
      configFile: {
        cache: { policy: "all" },
        providers: [{
          id: "of-the-settings",
          baseUrl: "http://127.0.0.1:1/v1",
          models: [
            "a-model-with-a-very-long-name/that-somebody-has-chosen-2026",
          ],
        }],
      },
    });
    await using browser = await startBrowser();
    const { page, errors } = await browser.open(
      `${app.url}/admin/providers`,
      DESKTOP_LIGHT,
    );
    await addByKeyboard(page, upstream.url);
    assert.ok(!(await page.content()).includes(KEY));
    await button(page, "Test connection").click();
    await page.getByText("It works.").waitFor();
    await button(page, "Drain").click();
    await page.getByText("Drained", { exact: true }).waitFor();
    await button(page, "Use again").click();
    await page.getByText("In use again").waitFor();
    await addRoute(page, app);

    const answer = await app.post("/v1/chat/completions", {
      model: "best",
      messages: [{ role: "user", content: "x" }],
    });
    assert.equal(answer.status, 200, await answer.text());
    const phone = await browser.open(
      `${app.url}/admin/providers/added`,
      PHONE_DARK,
    );
    await look(phone.page, "a provider");
    for (const path of ["providers", "models", "cache"]) {
      await phone.page.goto(`${app.url}/admin/${path}`);
      await look(phone.page, path);
    }
    const request =
      '{"model":"best","messages":[{"role":"user","content":"x"}]}';
    await phone.page.getByLabel("Key or request").fill(request);
    await button(phone.page, "Look up").click();
    await phone.page.getByText("in the memory of this process").waitFor();

    await page.goto(`${app.url}/admin/models`);
    await page.getByLabel("added/fake-2 in lists").uncheck();
    await button(page, "Save").click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const { items } = await (await app.fetch("/api/models")).json();
    const ids = items.map(({ id }: { id: string }) => id);
    assert.ok(ids.includes("best") && !ids.includes("added/fake-2"));

    await page.goto(`${app.url}/admin/providers/added`);
    await page.getByText("Remove provider", { exact: true }).click();
    await page.getByText("1 route leads to it").waitFor();
    await button(page, "Remove added").click();
    await page.getByText("Provider removed").waitFor();
    await page.getByText("Leads nowhere").waitFor();
    assert.deepEqual(
      [...errors, ...phone.errors]
        .filter((text) => !/status of 4\d\d/.test(text)),
      [],
    );
  } finally {
    await upstream.close();
  }
});
