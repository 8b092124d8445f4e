/** Limits in a real browser: the wait in the chat, one's own limits, and the page that sets them. */
import assert from "node:assert/strict";
import type { BrowserContextOptions } from "playwright-core";
import {
  assertAccessible,
  assertNoSidewaysScroll,
  DESKTOP,
  PHONE,
  startBrowser,
} from "../support/browser.ts";
import { startChat } from "../support/chat_client.ts";
import { askOn, button, shows, thread } from "../support/chat_page.ts";

/** Set to a folder to keep a picture of every page there. */
const SHOTS = Deno.env.get("FRESHET_TEST_SHOTS");

const POLICIES = [
  {
    subject: "user:*",
    name: "People",
    requestsPerMinute: 60,
    tokensPerMinute: 200_000,
    concurrentRuns: 5,
  },
  { subject: "workspace:*", requestsPerDay: 10_000 },
  {
    subject:
      "model:a-model-with-a-very-long-name/that-somebody-has-chosen-2026",
    tokensPerHour: 1_000_000,
  },
];

const DRESSES: [name: string, options: BrowserContextOptions][] = [
  ["desktop-light", { viewport: DESKTOP, colorScheme: "light" }],
  ["phone-dark", {
    viewport: PHONE,
    colorScheme: "dark",
    hasTouch: true,
    isMobile: true,
  }],
];

Deno.test("limits in a browser: a question that meets a limit waits beside a countdown and is sent by itself", async () => {
  await using rig = await startChat({}, {
    configFile: { limits: [{ subject: "user:*", concurrentRuns: 1 }] },
  });
  const { app, upstream } = rig;
  const busy = app.post("/v1/chat/completions", {
    model: "held",
    stream: true,
    messages: [{ role: "user", content: "First" }],
  });
  await using browser = await startBrowser();
  const { page } = await browser.open(app.url);
  await askOn(page, "How high?");
  await shows(page, "The limit of 1 answer at once for you is reached");
  await shows(page, "It is sent by itself in");
  if (SHOTS !== undefined) {
    await page.screenshot({ path: `${SHOTS}/limit-wait.png` });
  }
  await assertAccessible(page, "the wait");
  upstream.release();
  await (await busy).body?.cancel();
  await thread(page).getByText("is reached").waitFor({ state: "detached" });
  await button(page, "Send").waitFor();
  await page.getByRole("article", { name: "Turn 1" })
    .getByRole("button", { name: "Copy answer" }).waitFor();
  assert.equal(await page.getByRole("article").count(), 1);
});

Deno.test("limits in a browser: everyone sees their own; admins set them by form, and are told what holds and why", async () => {
  await using rig = await startChat({}, { configFile: { limits: POLICIES } });
  const { app } = rig;
  const asked = await app.post("/v1/chat/completions", {
    model: "fake-1",
    messages: [{ role: "user", content: "How high?" }],
  });
  await asked.body?.cancel();
  await using browser = await startBrowser();
  for (const [dress, options] of DRESSES) {
    const { page, errors } = await browser.open(
      `${app.url}/settings#limits`,
      options,
    );
    const requests = page.getByRole("meter", {
      name: "Requests this minute",
      exact: true,
    });
    assert.equal(await requests.getAttribute("aria-valuetext"), "1 of 60");
    await requests.scrollIntoViewIfNeeded();
    const look = async (what: string) => {
      if (SHOTS !== undefined) {
        await page.screenshot({ path: `${SHOTS}/${what}-${dress}.png` });
      }
      await assertAccessible(page, `${what} ${dress}`);
      await assertNoSidewaysScroll(page, `${what} ${dress}`);
    };
    await look("settings-limits");
    await page.goto(`${app.url}/admin/limits`);
    await look("admin-limits");
    await button(page, "New policy").click();
    await page.getByRole("textbox", { name: "Requests a minute" }).waitFor();
    await look("admin-limits-form");
    assert.deepEqual(errors, [], dress);
  }
});

Deno.test("limits in a browser: a policy is made, changed, refused and removed with the keyboard alone", async () => {
  await using rig = await startChat();
  const { app } = rig;
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/admin/limits`);
  await page.getByText("No limits yet").waitFor();
  await button(page, "New policy").focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "New policy" });
  await dialog.getByLabel("Name").fill("Everyone");
  await dialog.getByLabel("Requests a minute").fill("many");
  await page.keyboard.press("Enter");
  const refused = page.getByRole("form", { name: "New policy" }).first();
  await refused.getByText(/expected number|Invalid input/i).waitFor();
  assert.equal(await refused.getByLabel("Name").inputValue(), "Everyone");
  await refused.getByLabel("Requests a minute").fill("1,000");
  await page.keyboard.press("Enter");
  const row = page.getByRole("row", { name: /Each person/ });
  await row.getByText("1,000 requests a minute").waitFor();
  await row.getByText("an admin").waitFor();
  await button(page, "Change the limits for Each person").focus();
  await page.keyboard.press("Enter");
  const change = page.getByRole("dialog", { name: "Change policy" });
  await change.getByLabel("Requests a minute").fill("2");
  await page.keyboard.press("Enter");
  await row.getByText("2 requests a minute").waitFor();
  await page.getByRole("textbox", { name: "Model" }).fill("fake-1");
  await page.keyboard.press("Enter");
  await page.getByText(
    "Limited to 2 requests a minute because the policy “Everyone”, set by an admin, is for each person.",
  ).waitFor();
  await row.getByText("Remove", { exact: true }).click();
  await row.getByRole("button", { name: "Remove policy" }).press("Enter");
  await page.getByText("No limits yet").waitFor();
  // A refused form is an answer of its own, which the console reports.
  assert.deepEqual(errors.filter((each) => !each.includes("400")), []);
});
