/** The page of alerts in a real browser: what fires, silence, rules, and the strip on other pages. */
import assert from "node:assert/strict";
import type { TestApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { startChat } from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";
import { DRESSES, lookAt } from "./people_rig.ts";

/** `window` as short as usage is looked at; `for` says which fires and which waits. */
const REQUESTS = {
  metric: "requests",
  window: "1m",
  above: 0,
  for: "0s",
  clearFor: "1h",
};

const RULES = [
  {
    id: "failures",
    metric: "error_rate",
    window: "1m",
    above: 0.01,
    for: "0s",
    clearFor: "1h",
    severity: "critical",
  },
  { ...REQUESTS, id: "asked", title: "Somebody asks", severity: "warning" },
  { ...REQUESTS, id: "later", title: "Asked for an hour", for: "1h" },
  // A busy machine may have these.
  { id: "event-loop-lag", enabled: false },
  { id: "slow-requests", enabled: false },
];

async function fire(app: TestApp): Promise<void> {
  const answer = await app.post("/v1/chat/completions", {
    model: "fake-1",
    messages: [{ role: "user", content: "How high is the river?" }],
  });
  await answer.body?.cancel();
  const { alertEvaluator } = app.services;
  await waitFor("the alerts to fire", async () => {
    await alertEvaluator.look(AbortSignal.timeout(15_000));
    const { items } = await (await app.fetch("/api/alerts")).json();
    return items.length === 3;
  });
}

Deno.test("alerts page: what fires shows by itself, is silenced by a button, and its rule is changed", async () => {
  await using rig = await startChat({ behaviour: { status: 400 } }, {
    configFile: { alerts: RULES },
  });
  const { app } = rig;
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/admin/alerts`);
  await page.getByText("Nothing fires.").waitFor();
  const other = await page.context().newPage();
  await other.goto(`${app.url}/admin/limits`);
  await fire(app);
  await page.getByRole("heading", { name: /Many answers fail/ }).waitFor();
  await other.getByText("Many answers fail").waitFor();
  await page.getByText("Nothing fires.").waitFor({ state: "detached" });
  await page.getByRole("button", {
    name: /^Silence for an hour ?: Somebody asks/,
  }).click();
  await page.getByRole("heading", { name: "Silenced", exact: true }).waitFor();
  await page.getByText("Silenced", { exact: true }).first().waitFor();
  await page.getByRole("button", {
    name: /^End the silence ?: Somebody asks/,
  }).waitFor();
  // Of the four dresses, those that differ in everything.
  for (const [dress, options] of [DRESSES[0], DRESSES[3]]) {
    const seen = await browser.open(
      `${app.url}/admin/alerts?edit=server:failures`,
      options,
    );
    await seen.page.getByLabel("Limit, %").waitFor();
    await lookAt(seen.page, `alerts-${dress}`);
    await seen.page.context().close();
  }
  await page.getByRole("link", { name: "Change Many answers fail" }).first()
    .click();
  const limit = page.getByLabel("Limit, %");
  assert.equal(await limit.inputValue(), "1");
  await limit.fill("a lot");
  await page.getByRole("button", { name: "Save rule" }).click();
  await page.getByText("Want a number").waitFor();
  assert.equal(await limit.inputValue(), "a lot");
  await limit.fill("2.5");
  await page.getByRole("button", { name: "Save rule" }).click();
  await page.getByText("Rule saved").waitFor();
  await page.getByText("Share of failed answers above 2.5 %").waitFor();
  // The refused form is an answer with 400, which a browser tells its console.
  assert.deepEqual(errors.filter((error) => !error.includes("400")), []);
});

Deno.test("alerts page: without a script a rule is added, switched off and taken back", async () => {
  await using rig = await startChat({}, { configFile: { alerts: RULES } });
  await using browser = await startBrowser();
  const { page } = await browser.open(`${rig.app.url}/admin/alerts`, {
    javaScriptEnabled: false,
  });
  await page.getByLabel("What is watched").selectOption("ttft_p95");
  await page.getByLabel("Name", { exact: true }).fill("slow-start");
  await page.getByLabel("Limit", { exact: true }).fill("3,000");
  await page.getByLabel("Has to hold for").fill("5 minutes");
  await page.getByRole("button", { name: "Add rule" }).click();
  await page.getByText("Want a length of time").waitFor();
  await page.getByLabel("Has to hold for").fill("5m");
  await page.getByRole("button", { name: "Add rule" }).click();
  await page.getByText("Rule saved").waitFor();
  const row = page.getByRole("row").filter({
    hasText: "Time to first token (p95) above 3,000 ms over 5 min, for 5 min",
  });
  await row.getByRole("button", { name: /^Switch off/ }).click();
  await row.getByText("Off", { exact: true }).waitFor();
  await row.getByText("Take back", { exact: true }).click();
  await row.getByRole("button", { name: /^Take back what was said/ }).click();
  await row.waitFor({ state: "detached" });
});
