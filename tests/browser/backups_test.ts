/** Backups in a real browser: made, checked, kept and deleted by forms. */
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
import { waitFor } from "../support/wait.ts";

Deno.test("backups in a browser: one is made, checked and deleted; how many are kept is set", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using app = await startApp({
      location: `${folder}/freshet.db`,
      env: { DATA_DIR: folder },
    });
    await using browser = await startBrowser();
    const url = `${app.url}/admin/backups`;
    const { page, errors } = await browser.open(url, {
      viewport: DESKTOP,
      colorScheme: "light",
    });
    const look = async (what: string) => {
      await assertAccessible(page, what);
      await assertNoSidewaysScroll(page, what);
    };
    await page.getByText("No backups yet").waitFor();
    await button(page, "Back up now").click();
    const row = page.getByRole("row", { name: /by hand/ });
    await waitFor("the backup on the page", async () => {
      await page.reload();
      return await row.count() > 0;
    });
    await row.getByText("Whole when made").waitFor();
    const keep = page.getByRole("textbox", { name: "Backups that are kept" });
    await keep.fill("many");
    await button(page, "Save").click();
    await page.getByText("Must be a whole number from 1 to 365").waitFor();
    await look("a refused number");
    await keep.fill("3");
    await button(page, "Save").click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "dark" });
    await row.getByText("Delete", { exact: true }).click();
    await look("a backup to be deleted, on a phone");
    await button(page, "Delete backup").click();
    await page.getByText("No backups yet").waitFor();
    assert.deepEqual(errors.filter((text) => !/status of 400/.test(text)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
