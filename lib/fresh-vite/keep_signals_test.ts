import assert from "node:assert/strict";
import { join } from "node:path";
import {
  hydrated,
  launchBrowser,
  showsText,
  withPage,
} from "../../tests/fresh/support/browser.ts";
import { startDevFixture } from "../../tests/fresh/support/fixture.ts";

Deno.test({
  name: "keep_signals: a signal of useSignal() survives an edit of its island",
  // Chromium's connection has timers of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const fixture = await startDevFixture();
    try {
      assert.ok(fixture.folder);
      const browser = await launchBrowser();
      try {
        const island = join(fixture.folder, "islands", "Counter.tsx");
        await withPage(browser, async (page) => {
          await page.goto(`${fixture.url}/islands/counter`);
          await hydrated(page, "one");
          await page.click("#one button");
          await showsText(page, "#one output", "4");
          const source = await Deno.readTextFile(island);
          await Deno.writeTextFile(
            island,
            source.replace("Add one", "Add another"),
          );
          await showsText(page, "#one button", "Add another");
          await showsText(page, "#one output", "4");
          await page.click("#one button");
          await showsText(page, "#one output", "5");
          await showsText(page, "#two output", "10");
        });
      } finally {
        await browser.close();
      }
    } finally {
      await fixture.stop();
    }
  },
});
