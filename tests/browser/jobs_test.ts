/** Jobs in a real browser: followed as they go on, from two tabs, by keyboard, and without scripts. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Job } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { PHONE, startBrowser } from "../support/browser.ts";
import { addTestKinds, type JobKindsRig } from "../support/job_kinds.ts";
import { waitFor } from "../support/wait.ts";
import { lookAt } from "./people_rig.ts";

async function begin(app: TestApp, name: string, more = {}): Promise<Job> {
  const response = await app.post("/api/jobs", {
    kind: "test.steer",
    input: { name },
    ...more,
  });
  assert.equal(response.status, 202);
  return await response.json();
}

function goesOn({ running }: JobKindsRig, name: string) {
  return waitFor(`job "${name}" to run`, () => running.get(name));
}

/** The one job that goes on. */
function steerLast({ running }: JobKindsRig) {
  const [steered, ...others] = running.values();
  assert.deepEqual(others, []);
  return steered;
}

const row = (page: Page, { id }: Job): Locator => page.locator(`#${id}`);

/** Where a row's parts are, to see that none of them moves. */
async function placesIn(item: Locator): Promise<unknown> {
  return await item.evaluate((element) =>
    [element, ...element.querySelectorAll("a, button, svg")].map((part) => {
      const { x, y, width, height } = part.getBoundingClientRect();
      return [x, y, width, height].map(Math.round);
    })
  );
}

Deno.test("jobs page: it follows jobs in two tabs, and acts by keyboard", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  const river = await begin(app, "the river");
  const steered = await goesOn(rig, "the river");
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/jobs`);
  const other = await page.context().newPage();
  await other.goto(`${app.url}/jobs/${river.id}`);

  // Progress comes in both tabs without a reload, and nothing moves for it.
  steered.progress(0.1, "1 of 10");
  await row(page, river).getByText("1 of 10").waitFor();
  const before = await placesIn(row(page, river));
  steered.progress(0.6, "6 of 10");
  await row(page, river).getByText("6 of 10").waitFor();
  await other.getByText("6 of 10").waitFor();
  assert.deepEqual(await placesIn(row(page, river)), before);
  const level = row(page, river).getByRole("progressbar");
  assert.equal(await level.getAttribute("aria-valuenow"), "60");

  // A new one comes in by itself, and waits for a place with the reason.
  const delta = await begin(app, "the delta");
  await goesOn(rig, "the delta");
  const third = await begin(app, "the third");
  await row(page, third).getByText("All 2 places for its kind are taken")
    .waitFor();
  await row(page, third).getByText("Next in line").waitFor();
  await page.getByRole("link", { name: "Jobs 2 running" }).waitFor();

  // Cancelled by keys: the next one gets the place, and the keys stay where they were.
  await row(page, delta).getByRole("button", { name: /^Cancel/ }).focus();
  await page.keyboard.press("Enter");
  await row(page, delta).getByText("Cancelled", { exact: true }).waitFor();
  await page.getByRole("status").getByText("Survey of the delta: cancelled")
    .waitFor({ state: "attached" });
  await waitFor(
    "the focus on the job",
    () =>
      page.evaluate(
        (id) => document.activeElement?.closest(".job")?.id === id,
        delta.id,
      ),
  );
  await row(page, third).getByRole("progressbar").waitFor();

  // Failed with its reason, then begun again.
  (await goesOn(rig, "the third")).fail("The gauge is gone", true);
  await row(page, third).getByText("The gauge is gone").waitFor();
  await page.getByRole("status")
    .getByText("Survey of the third: failed. The gauge is gone")
    .waitFor({ state: "attached" });
  await row(page, third).getByRole("button", { name: /^Retry/ }).click();
  await goesOn(rig, "the third");
  await row(page, third).getByRole("progressbar").waitFor();

  // Done in place, with its file.
  steered.finish({
    text: "10 gauges read",
    download: { href: "/favicon.svg", name: "river.svg", bytes: 1_400 },
  });
  await row(page, river).getByText("10 gauges read").waitFor();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    row(page, river).getByRole("link", { name: "Download river.svg, 1.4 kB" })
      .click(),
  ]);
  assert.equal(file.suggestedFilename(), "river.svg");
  await other.getByText("10 gauges read").first().waitFor();
  const result = other.getByRole("region", { name: "Result as JSON" });
  assert.match((await result.textContent())!, /"river.svg"/);
  await lookAt(other, "job-done-light");
  await lookAt(page, "jobs-light");
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize(PHONE);
  await lookAt(page, "jobs-phone-dark");

  // The page of the workspace follows too.
  await other.goto(`${app.url}/admin/jobs`);
  await other.getByRole("button", { name: "Pause test.steer" }).click();
  await other.getByText("Kind paused. What runs goes on to its end.").first()
    .waitFor();
  steerLast(rig).progress(0.5, "half of it");
  await row(other, third).getByText("half of it").waitFor();
  await lookAt(other, "admin-jobs-light");
  assert.deepEqual(errors, []);
});

Deno.test("jobs page: without scripts a job is cancelled, found among the finished, and begun again", async () => {
  await using app = await startApp();
  const rig = addTestKinds(app);
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/jobs`, {
    javaScriptEnabled: false,
    viewport: PHONE,
  });
  await page.getByRole("heading", { name: "Nothing is going on" }).waitFor();
  await page.getByRole("button", { name: "New job" }).click();
  await page.getByRole("button", { name: "Begin: Make your search index anew" })
    .click();
  await page.getByText("Job begun").first().waitFor();
  const job = await begin(app, "the pond");
  await goesOn(rig, "the pond");
  await page.reload();
  await row(page, job).getByRole("button", { name: /^Cancel/ }).click();
  await page.getByText("Job cancelled").first().waitFor();
  await page.getByRole("link", { name: /^Finished/ }).click();
  await page.getByRole("link", { name: "Failed", exact: true }).click();
  await page.getByRole("heading", { name: "No jobs here" }).waitFor();
  await page.getByRole("link", { name: "Cancelled", exact: true }).click();
  await row(page, job).getByRole("link", { name: "Survey of the pond" })
    .click();
  await page.getByRole("heading", { name: "Survey of the pond" }).waitFor();
  await page.getByText("It was cancelled").first().waitFor();
  await page.getByRole("button", { name: /^Retry/ }).click();
  (await goesOn(rig, "the pond")).finish();
});
