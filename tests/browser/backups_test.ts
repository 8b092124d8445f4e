/** Backups in a real browser: made, checked, kept and deleted by forms, in every dress. */
import assert from "node:assert/strict";
import type { BrowserContextOptions } from "playwright-core";
import { startApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { button } from "../support/chat_page.ts";

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

Deno.test("backups in a browser: one is made, checked and deleted; how many are kept is set", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using app = await startApp({
      location: `${folder}/freshet.db`,
      env: { DATA_DIR: folder },
    });
    await using browser = await startBrowser();
    for (const [dress, options] of DRESSES) {
      const { page, errors } = await browser.open(
        `${app.url}/admin/backups`,
        options,
      );
      const look = async (what: string) => {
        await assertAccessible(page, `${what} ${dress}`);
        await assertNoSidewaysScroll(page, `${what} ${dress}`);
      };
      await page.getByText("No backups yet").waitFor();
      await look("no backups");
      await button(page, "Back up now").click();
      const row = page.getByRole("row", { name: /by hand/ });
      const deadlineAt = performance.now() + 15_000;
      // The page tells that something is new; whoever reloads sees it.
      while (await row.count() === 0 && performance.now() < deadlineAt) {
        await page.reload();
      }
      await row.getByText("Whole when made").waitFor();
      await look("a backup");
      await page.getByRole("textbox", { name: "Backups that are kept" })
        .fill("many");
      await button(page, "Save").click();
      await page.getByText("Must be a whole number from 1 to 365").waitFor();
      await look("a refused number");
      await page.getByRole("textbox", { name: "Backups that are kept" })
        .fill("3");
      await button(page, "Save").click();
      await page.getByText("Saved", { exact: true }).waitFor();
      await row.getByText("Delete", { exact: true }).click();
      await look("a backup to be deleted");
      await button(page, "Delete backup").click();
      await page.getByText("No backups yet").waitFor();
      assert.deepEqual(
        errors.filter((text) => !/status of 400/.test(text)),
        [],
        dress,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
