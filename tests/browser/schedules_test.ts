/** Schedules in a real browser: made and changed without scripts, previewed and followed with them. */
import assert from "node:assert/strict";
import type { Schedule } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { waitFor } from "../support/wait.ts";

async function list(app: TestApp): Promise<Schedule[]> {
  const response = await app.fetch("/api/schedules");
  return (await response.json()).items;
}

Deno.test("schedules page: without scripts one is made, refused, changed, paused, run and deleted", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/schedules`, {
    javaScriptEnabled: false,
  });
  await page.getByText("No schedules yet").waitFor();
  await page.getByRole("link", { name: "New schedule" }).first().click();
  await page.getByLabel("Name").fill("Morning brief");
  await page.getByLabel("Prompt", { exact: true }).fill("How high is it?");
  // What a choice does not need does not show.
  assert.equal(await page.getByLabel("Kind of job").isVisible(), false);
  assert.equal(await page.getByLabel("Day of the month").isVisible(), false);
  await page.getByRole("radio", { name: "Cron text" }).check();
  await page.getByRole("textbox", { name: "Cron text" }).fill("0 25 * * *");
  await page.getByRole("button", { name: "Make schedule" }).click();
  await page.getByText("The hour “25” is not from 0 to 23.").waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), "Morning brief");
  await page.getByRole("radio", { name: "Weekly" }).check();
  await page.getByLabel("Day", { exact: true }).selectOption("Friday");
  await page.getByLabel("Time", { exact: true }).fill("16:30");
  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Make schedule" }).click();
  await page.getByText("Every Friday at 16:30, Asia/Tokyo").waitFor();
  await page.getByText("It has not run yet.").waitFor();
  const [made] = await list(app);
  assert.deepEqual([made.cron, made.timeZone], ["30 16 * * 5", "Asia/Tokyo"]);

  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByText("Schedule begun").waitFor();
  await page.getByRole("switch", { name: "Goes on: Morning brief" }).click();
  await page.getByText("It is paused.", { exact: true }).waitFor();
  await page.getByText("Change it").click();
  await page.getByLabel("Name").fill("Friday brief");
  await page.getByRole("button", { name: "Save schedule" }).click();
  await page.getByRole("heading", { name: "Friday brief" }).waitFor();
  await page.getByText("Delete schedule").first().click();
  await page.getByRole("button", { name: "Delete schedule" }).click();
  await page.getByRole("status").getByText("Schedule deleted").waitFor();
  assert.deepEqual(await list(app), []);
});

Deno.test("schedules page: shows the next times while one types, and what becomes of a run as it happens", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/schedules/new`, {
    timezoneId: "America/New_York",
  });
  const zone = page.getByLabel("Time zone");
  await waitFor(
    "the viewer's zone",
    async () => await zone.inputValue() === "America/New_York",
  );
  await page.getByRole("radio", { name: "Cron text" }).check();
  const cron = page.getByRole("textbox", { name: "Cron text" });
  await cron.fill("0 8 1 * *");
  await page.getByText("On the 1st of the month at 08:00").waitFor();
  await cron.fill("0 8 1 * * *  *");
  await page.getByText("this one has 7").waitFor();
  await cron.fill("0 8 * * *");
  await zone.fill("Asia/Tokyo");
  const table = page.getByRole("region", { name: "Times" });
  await table.getByText("In America/New_York").waitFor();
  assert.equal(await table.locator("tbody tr").count(), 5);
  await assertAccessible(page, "form");
  await page.getByLabel("Name").fill("Report");
  await page.getByLabel("Prompt", { exact: true }).fill("How high is it?");
  await page.getByRole("button", { name: "Make schedule" }).click();
  await page.getByText("Every day at 08:00, Asia/Tokyo").first().waitFor();
  const detail = page.url();
  const history = await page.context().newPage();
  await history.goto(detail);
  await history.getByText("It has not run yet.").waitFor();

  await page.goto(`${app.url}/schedules`);
  const row = page.locator(".schedules").first().getByRole("listitem");
  await row.getByRole("button", { name: "Run now: Report" }).click();
  await row.getByRole("link", { name: "Done" }).waitFor();
  await history.getByRole("region", { name: "Runs" })
    .getByRole("link", { name: "Done" }).waitFor();
  await row.getByRole("switch").click();
  await row.getByText("Paused").waitFor();
  await assertAccessible(page, "list");

  const phone = await browser.open(detail, {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
  });
  await phone.page.getByRole("region", { name: "Runs" }).waitFor();
  await assertAccessible(phone.page, "detail");
  for (const path of ["/schedules/new", "/schedules"]) {
    await assertNoSidewaysScroll(phone.page, phone.page.url());
    await phone.page.goto(app.url + path);
  }
  await assertNoSidewaysScroll(phone.page, "list");
  // A cron text that is none is refused, and the browser says so too.
  const surprises = errors.filter((text) => !/400/.test(text));
  assert.deepEqual([...surprises, ...phone.errors], []);
});
