import assert from "node:assert/strict";
import { type Browser, chromium, type Page } from "playwright-core";

const DEFAULT_CHROMIUM = "/usr/bin/chromium";
const ACTION_DEADLINE_MS = 20_000;

/** Starts Chromium: CHROMIUM_PATH, or where Debian puts it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: Deno.env.get("CHROMIUM_PATH") ?? DEFAULT_CHROMIUM,
    // The sandbox needs a user namespace that containers often refuse.
    args: ["--no-sandbox"],
  });
}

/**
 * Runs `body` with a page of its own and fails when the page threw an error or logged one.
 */
export async function withPage(
  browser: Browser,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext();
  const problems: string[] = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(ACTION_DEADLINE_MS);
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      // Browsers ask for the icon by themselves, and the fixture has none.
      const isIcon = message.location().url.endsWith("/favicon.ico");
      if (message.type() === "error" && !isIcon) problems.push(message.text());
    });
    await body(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(problems, []);
}

/** Waits until the element is rendered by the browser rather than the server. */
export async function hydrated(page: Page, id: string): Promise<void> {
  await page.locator(`#${id}[data-hydrated="yes"]`).waitFor({
    state: "attached",
  });
}

/** Waits until the element's text is `text`. */
export async function showsText(
  page: Page,
  selector: string,
  text: string,
): Promise<void> {
  await page.waitForFunction(
    ([selector, text]) =>
      document.querySelector(selector)?.textContent === text,
    [selector, text],
  );
}
