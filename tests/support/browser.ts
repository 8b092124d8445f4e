/** A real Chromium for tests. */
import assert from "node:assert/strict";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { ensureChromium } from "@/scripts/ensure_chromium.ts";

/** Longest wait for anything on a page, in milliseconds. */
const PAGE_DEADLINE_MS = 15_000;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export interface OpenPage {
  page: Page;
  /** Errors of scripts and of the console since the page was opened. */
  errors: string[];
}

export interface TestBrowser extends AsyncDisposable {
  /** Opens a page with a profile of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
}

/**
 * Starts a browser; `await using` ends it.
 * @param args more of its command line
 */
export async function startBrowser(
  args: string[] = [],
): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: await ensureChromium(),
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...args],
  });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({
        viewport: DESKTOP,
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PAGE_DEADLINE_MS);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      await page.goto(url);
      return { page, errors };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Fails when axe finds a violation of WCAG 2.2 A or AA on the page as it is now. */
export async function assertAccessible(
  page: Page,
  what: string,
): Promise<void> {
  // As a string, since the page's policy allows no script of ours and evaluate() is not bound by it.
  const source = await Deno.readTextFile(
    new URL(import.meta.resolve("axe-core")),
  );
  await page.evaluate(source);
  const violations = await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- the script above defines it in the page
    const axe = (globalThis as any).axe;
    const { violations } = await axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    return violations.map((
      found: { id: string; nodes: { html: string; failureSummary: string }[] },
    ) =>
      `${found.id}: ${
        found.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(
          "\n",
        )
      }`
    );
  });
  assert.deepEqual(violations, [], what);
}

/** Fails when the page, or what scrolls inside it, is wider than its window. */
export async function assertNoSidewaysScroll(
  page: Page,
  what: string,
): Promise<void> {
  const overflow = await page.evaluate(() =>
    Math.max(
      ...[document.documentElement, document.querySelector(".page")]
        .map((box) => box === null ? 0 : box.scrollWidth - box.clientWidth),
    )
  );
  assert.ok(overflow <= 0, `${what}: ${overflow} px too wide`);
}
