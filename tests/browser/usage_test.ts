/** Pages of usage in a real browser: read by pointer, keys and without scripts, in every dress. */
import assert from "node:assert/strict";
import { FIRST_USER } from "@/lib/shared/spaces.ts";
import { DESKTOP, PHONE, startBrowser } from "../support/browser.ts";
import { askStream, newThread, startChat } from "../support/chat_client.ts";
import { startApp } from "../support/app.ts";
import { seedUsage } from "../support/usage_seed.ts";
import { waitFor } from "../support/wait.ts";
import { lookAt } from "./people_rig.ts";

const MODELS = [
  ["claude-sonnet-4.5", "anthropic", 30, 3.4],
  ["gpt-5-mini", "openai", 28, 2.2],
  ["qwen3-235b-a22b-instruct-with-a-long-name", "ollama", 14, null],
] as const;

/** A store with answers of the last days. */
async function seededStore(): Promise<AsyncDisposable & { location: string }> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-usage-" });
  const location = `${folder}/freshet.db`;
  await seedUsage({
    location,
    days: 12,
    everyHours: 24,
    perHour: 200,
    users: [FIRST_USER, "usr_other"],
    keys: [null, "key_gone"],
    gaps: [4],
    models: MODELS.map(([name, provider, weight, microUsdPerToken]) => ({
      name,
      provider,
      weight,
      microUsdPerToken,
      firstMs: 500,
    })),
  });
  return {
    location,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("usage pages: read by keys, drilled into and narrowed, each step an address, in every dress", async () => {
  await using store = await seededStore();
  await using app = await startApp({ location: store.location });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(
    `${app.url}/admin/usage?range=30d`,
    { viewport: DESKTOP, colorScheme: "light" },
  );

  // By keys alone: the chart is a slider over its days.
  const chart = page.getByRole("slider", { name: /^Cost per day/ });
  await chart.focus();
  await page.keyboard.press("End");
  const today = await chart.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowLeft");
  const yesterday = await chart.getAttribute("aria-valuetext");
  assert.notEqual(today, yesterday);
  assert.match(yesterday!, /claude-sonnet-4\.5 \$\d/);
  const tip = page.locator(".chart-tip-at");
  await tip.getByText("Total").waitFor();
  assert.equal(
    await tip.locator("caption").textContent(),
    yesterday!.split(":")[0],
  );
  await page.keyboard.press("Escape");
  await tip.waitFor({ state: "hidden" });

  // However long a name is, its figures are in sight.
  const legend = page.getByRole("region", { name: "Cost by model" });
  assert.equal(
    await legend.evaluate(({ scrollWidth, clientWidth }) =>
      scrollWidth - clientWidth
    ),
    0,
  );
  await legend.getByRole("cell", { name: "unpriced" }).waitFor();

  // By the pointer.
  await chart.hover({ position: { x: 40, y: 60 } });
  await tip.getByText("Total").waitFor();
  await lookAt(page, "usage-light");

  // Into a model, then by person, then out again.
  await page.getByRole("region", { name: "Cost by model" })
    .getByRole("link", { name: "gpt-5-mini" }).click();
  await page.waitForURL(/model=gpt-5-mini/);
  await page.getByText("Told apart by").first().waitFor({ state: "attached" });
  const toSlow = page.getByRole("link", { name: "see the slow requests" });
  const slow = await toSlow.getAttribute("href");
  await page.emulateMedia({ media: "print" });
  assert.equal(await toSlow.isVisible(), false, "nowhere leads from paper");
  await page.emulateMedia({ media: "screen" });
  assert.match(slow!, /^\/admin\/requests\?result=slow&model=gpt-5-mini&from=/);
  const menu = page.locator("summary").filter({ hasText: "By model" });
  await menu.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "By person" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "By person" })
    .waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "By person" }).click();
  await page.waitForURL(/groupBy=user/);
  await page.getByRole("region", { name: "Cost by person" })
    .getByRole("link", { name: "usr_other" }).waitFor();
  await page.getByRole("link", { name: "Remove filter Model: gpt-5-mini" })
    .click();
  await page.waitForURL((url) => !url.searchParams.has("model"));
  assert.equal(await page.locator(".chip").count(), 0);

  // What is empty says why, and leads on.
  await page.goto(`${app.url}/admin/usage?range=24h&model=none-such`);
  await page.getByText("Nothing was asked with model “none-such”").waitFor();
  await lookAt(page, "usage-empty-light");
  await page.getByRole("link", { name: "Remove the filters" }).click();
  await page.waitForURL((url) => !url.searchParams.has("model"));

  // One's own, on a phone, in the dark; all rows as a table.
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.setViewportSize(PHONE);
  await page.goto(`${app.url}/usage?range=30d&groupBy=source&all=1`);
  await page.getByRole("heading", { name: "All sources" }).waitFor();
  await lookAt(page, "usage-own-phone-dark");

  // On paper there are figures and no controls.
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await page.getByText(/^Your usage, .* days in /).waitFor();
  assert.equal(
    await page.getByRole("group", { name: "Range and filters" }).isVisible(),
    false,
  );
  assert.deepEqual(errors, []);
});

Deno.test("usage pages: what streams now is told without a reload, and all else without a script", async () => {
  await using rig = await startChat();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${rig.app.url}/admin/usage`);
  await page.getByText("No answers streaming").waitFor();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const stream = await askStream(rig.app, thread.id, {
    message: { content: "How high is the river?" },
    model: "fake-1",
  });
  await page.getByText(/1 answer streaming/).waitFor();
  rig.upstream.release();
  await stream.text();
  await page.getByText("No answers streaming").waitFor();
  // It is in the figures a moment later.
  await waitFor("the answer to be counted", async () => {
    await page.reload();
    return await page.getByRole("region", { name: "Answers by model" })
      .getByText("fake-1").isVisible();
  });
  assert.deepEqual(errors, []);

  // Without scripts the figures, their tables and every choice are there, too.
  const { page: plain } = await browser.open(`${rig.app.url}/usage`, {
    javaScriptEnabled: false,
  });
  await plain.getByText("Show as table").first().click();
  await plain.getByRole("region", { name: "Answers per day, stacked by model" })
    .getByRole("columnheader", { name: "fake-1" }).waitFor();
  await plain.locator("summary").filter({ hasText: "Custom" }).click();
  await plain.getByLabel("From day").fill("2026-01-01");
  await plain.getByLabel("To day").fill("2026-01-02");
  await plain.getByRole("button", { name: "Show" }).first().click();
  await plain.waitForURL(/range=custom/);
  await plain.getByText("No answers in these days").waitFor();
});
