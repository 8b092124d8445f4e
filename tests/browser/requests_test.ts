/** Requests in a real browser: searched, read, followed as they end, by keyboard, and without scripts. */
import assert from "node:assert/strict";
import type { RequestRecord } from "@/lib/observe/request_record.ts";
import { MAX_READS } from "@/lib/observe/request_search_store.ts";
import { record } from "@/lib/observe/testing/records.ts";
import { postChat, question, startChat } from "../api/v1_rig.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { DESKTOP, PHONE, startBrowser } from "../support/browser.ts";
import { lookAt } from "./people_rig.ts";

/** Puts records into the log as if their requests had been made, one a second until now. */
async function write(
  app: TestApp,
  all: readonly Partial<RequestRecord>[],
): Promise<string[]> {
  const { requestLog } = app.services;
  const { workspace } = await (await app.fetch("/api/session")).json();
  const nowMs = Date.now();
  const records = all.map((more, index) =>
    record(nowMs - (all.length - index) * 1_000, more)
  );
  for (const each of records) requestLog.add(workspace.id, each);
  await requestLog.flush();
  return records.map(({ id }) => id);
}

const stage = (
  id: number,
  name: RequestRecord["stages"][number]["name"],
  startMs: number,
  durationMs: number,
  error: string | null = null,
) => ({
  id,
  name,
  startMs,
  durationMs,
  outcome: error === null ? "ok" as const : "failed" as const,
  error,
});

/** Refused once, then answered by another provider. */
const FELL_BACK: Partial<RequestRecord> = {
  model: "writing",
  servedModel: "claude-sonnet-4.5",
  provider: "bedrock",
  totalMs: 6_312,
  firstTokenMs: 1_600,
  overheadMs: 24,
  attempts: [{
    provider: "anthropic",
    model: "claude-sonnet-4.5",
    startedAtMs: 0,
    durationMs: 62,
    firstTokenMs: null,
    outcome: "failed",
    error: "rate_limit_exceeded",
  }, {
    provider: "bedrock",
    model: "claude-sonnet-4.5",
    startedAtMs: 0,
    durationMs: 5_390,
    firstTokenMs: 612,
    outcome: "completed",
    error: null,
  }],
  stages: [
    stage(1, "auth", 0, 2),
    stage(2, "provider.connect", 13, 62, "rate_limit_exceeded"),
    stage(3, "provider.connect", 915, 74),
    stage(4, "provider.first_token", 989, 612),
    stage(5, "stream", 1_601, 4_700),
    stage(6, "commit", 6_301, 11),
  ],
  headers: {
    request: [["user-agent", "OpenAI/Python 1.2"]],
    response: [["x-freshet-cache", "miss"]],
  },
};

const FAILED: Partial<RequestRecord> = {
  model: "mistral-small-3.2",
  status: "failed",
  totalMs: 10_000,
  error: { code: "provider_timeout", message: "It did not answer in time." },
};

Deno.test("requests page: new ones come on top as they end, one opens beside the list, and back closes it", async () => {
  await using rig = await startChat();
  const { app, upstream } = rig;
  const [fellBack] = await write(app, [FELL_BACK]);
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/admin/requests`);
  const list = page.getByRole("region", { name: "Requests, newest first" });
  await page.getByRole("button", { name: "Following" }).waitFor();
  upstream.hold();
  const asked = postChat(app, question({ stream: true }));
  await list.getByText("Running").waitFor();
  upstream.release();
  await (await asked).text();
  await list.getByText("Completed").waitFor();
  // A refusal has no run that would tell of it.
  await (await postChat(app, question({ model: "nothing" }))).text();
  await list.getByText("Refused, 404").waitFor();

  await list.getByRole("link", { name: /writing/ }).click();
  await page.getByRole("heading", { name: fellBack }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/admin/requests/${fellBack}`);
  await page.getByText("Failed once, fell back to bedrock").waitFor();
  const stages = page.getByRole("table", { name: /Stages of this request/ });
  assert.equal(await stages.getByRole("row").count(), 8);
  await page.getByText("Headers, 2").click();
  await page.getByText("OpenAI/Python 1.2").waitFor();
  await page.goBack();
  await page.getByText("Choose a request").waitFor();
  await list.getByRole("link", { name: /writing/ }).press("Enter");
  const heading = page.getByRole("heading", { name: fellBack });
  await heading.waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "rid");
  await page.goBack();
  await page.waitForFunction(() =>
    document.activeElement?.classList.contains("item")
  );

  // What is pointed at keeps its place: new ones wait for a press.
  await list.getByRole("link").first().hover();
  const before = await list.getByRole("link").count();
  await (await postChat(app, question({ model: "nothing" }))).text();
  const more = list.getByRole("button", { name: "Show 1 new request" });
  await more.waitFor();
  assert.equal(await list.getByRole("link").count(), before);
  await more.click();
  await more.waitFor({ state: "detached" });
  assert.equal(await list.getByRole("link").count(), before + 1);
  assert.deepEqual(errors, []);
});

Deno.test("requests page: what is rare is looked for by itself, further than one answer may look", async () => {
  await using app = await startApp();
  const { workspace } = await (await app.fetch("/api/session")).json();
  const { requestLog } = app.services;
  const nowMs = Date.now();
  // A page of summaries for each minute: more of them than one answer reads.
  const minutes = MAX_READS * 100 + 200;
  for (let minute = minutes; minute > 0; minute -= 1) {
    const model = minute === minutes ? "rare" : "gpt-5-mini";
    requestLog.add(workspace.id, record(nowMs - minute * 60_000, { model }));
    if (minute % 1_000 === 0) await requestLog.flush();
  }
  await requestLog.flush();
  const first = await app.fetch("/admin/requests?model=rare");
  const html = await first.text();
  assert.match(html, /Looked through [\d,]+ requests back to/);
  assert.match(html, />Go on</);
  await using browser = await startBrowser();
  const { page } = await browser.open(
    `${app.url}/admin/requests?model=rare`,
  );
  await page.getByRole("link", { name: /^rare/ }).waitFor();
  await page.getByText(`Looked through all there is: 4,200 requests.`)
    .waitFor();
});

Deno.test("requests page: by keyboard to what failed, to one of them, and to all like it; no script is needed", async () => {
  await using app = await startApp();
  const [, failed] = await write(app, [FELL_BACK, FAILED]);
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/admin/requests`, {
    javaScriptEnabled: false,
  });
  const find = page.getByRole("searchbox", { name: "Find requests" });
  await find.focus();
  await page.keyboard.type("timeout");
  await page.keyboard.press("Enter");
  await page.getByText("Looked through all there is: 2 requests.").waitFor();
  await page.getByRole("link", { name: "Failed 1" }).press("Enter");
  const item = page.getByRole("link", { name: /mistral-small-3.2/ });
  await item.press("Enter");
  await page.getByRole("heading", { name: failed }).waitFor();
  await page.getByText("It did not answer in time.").waitFor();
  await page.getByTitle("All requests like this").first().press("Enter");
  await page.getByRole("link", { name: "Remove Model mistral-small-3.2" })
    .press("Enter");
  await item.waitFor();
});

Deno.test("requests page: fit to look at in light and dark, wide and narrow, with nothing and with much", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page } = await browser.open(`${app.url}/admin/requests`, {
    viewport: PHONE,
    colorScheme: "dark",
  });
  await page.getByText("No requests yet").waitFor();
  await lookAt(page, "requests-empty-narrow-dark");
  const [fellBack, failed] = await write(app, [FELL_BACK, FAILED]);
  const name =
    "a-model-with-a-name-that-goes-on-and-on/of-a-vendor-with-one-too";
  await write(
    app,
    Array.from({ length: 60 }, (_, index) => ({
      model: index % 9 === 4 ? name : "gpt-5-mini",
      provider: index % 9 === 4 ? name : "openai",
      totalMs: 900 + index,
    })),
  );
  const wide = await browser.open(`${app.url}/admin/requests/${fellBack}`, {
    viewport: DESKTOP,
    colorScheme: "light",
  });
  await lookAt(wide.page, "requests-wide-light");
  await wide.page.locator(".requests-more > summary").click();
  await lookAt(wide.page, "requests-filter-wide-light");
  await page.goto(`${app.url}/admin/requests`);
  await lookAt(page, "requests-list-narrow-dark");
  await page.goto(`${app.url}/admin/requests/${failed}`);
  assert.equal(await page.getByRole("searchbox").isVisible(), false);
  await lookAt(page, "requests-failed-narrow-dark");
});
