/** The stream doctor and anomalies in a real browser. */
import assert from "node:assert/strict";
import type { AnomalyRecord } from "@/lib/anomalies/anomaly_record.ts";
import { detectedEvent } from "@/lib/anomalies/anomaly_event.ts";
import { AnomalyStore } from "@/lib/anomalies/anomaly_store.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { DESKTOP, PHONE, startBrowser } from "../support/browser.ts";
import { startProxy } from "../support/proxy.ts";
import { lookAt } from "./people_rig.ts";

const HOUR_MS = 3_600_000;
const NEVER = new AbortController().signal;

/** Makes silences of the page as short as a test wants them. */
const SHORT_SILENCE = `{
  const Socket = globalThis.WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(url) {
      super(String(url).replace("quietMs=11000", "quietMs=300"));
    }
  };
  const ask = globalThis.fetch;
  globalThis.fetch = (url, init) =>
    ask(typeof url === "string" ? url.replace("gapMs=11000", "gapMs=300") : url, init);
}`;

Deno.test("/admin/doctor: through a proxy that collects it says so, by keyboard, and opens what mends it", async () => {
  await using app = await startApp();
  await using proxy = startProxy(app.url, {
    collects: true,
    headers: { server: "nginx/1.27" },
  });
  await using browser = await startBrowser();
  const { page, errors } = await browser.open("about:blank");
  await page.addInitScript(SHORT_SILENCE);
  await page.goto(`${proxy.url}/admin/doctor`);
  const button = page.getByRole("button", { name: "Examine this connection" });
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByText("One thing on the way does harm to streams.").first()
    .waitFor();
  const row = page.getByRole("row", { name: /Streaming/ });
  await row.getByText("not well").waitFor();
  await row.getByText(/came all at once/).waitFor();
  await page.getByRole("row", { name: /WebSocket/ })
    .getByText("well", { exact: true }).waitFor();
  assert.ok(await page.getByText("proxy_buffering off;").isVisible());
  assert.ok(!await page.getByText("flush_interval -1").isVisible());
  await lookAt(page, "doctor-desktop-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize(PHONE);
  await lookAt(page, "doctor-phone-dark");
  assert.deepEqual(errors, []);
});

/** Two anomalies, one of which goes on. */
async function findTwo({ services }: TestApp): Promise<AnomalyRecord[]> {
  const store = new AnomalyStore(services.store);
  const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const one: AnomalyRecord = {
    v: 1,
    id: `anm_${"1".padStart(22, "0")}`,
    dimension: "model",
    key: "snowmelt-large",
    metric: "requests",
    direction: "above",
    startMs: nowMs - 3 * HOUR_MS,
    lastMs: nowMs - HOUR_MS,
    worstMs: nowMs - 2 * HOUR_MS,
    value: 900,
    expected: 30,
    score: 41.2,
    reason:
      "900 requests in the hour from 14:00 UTC, where about 30 requests are usual on working days around 14:00 UTC: 30 times as much",
    also: ["user:usr_0000000000000000000000", "all:"],
    baseline: 12,
    endedMs: null,
    foundMs: nowMs,
  };
  const other: AnomalyRecord = {
    ...one,
    id: `anm_${"2".padStart(22, "0")}`,
    dimension: "all",
    key: "",
    direction: "below",
    startMs: nowMs - 50 * HOUR_MS,
    lastMs: nowMs - 44 * HOUR_MS,
    endedMs: nowMs - 43 * HOUR_MS,
    value: 0,
    expected: 84,
    reason:
      "Nothing in the hour from 10:00 UTC, where about 84 requests are usual on working days around 10:00 UTC",
    also: [],
  };
  const baseline = {
    version: 12,
    fittedMs: nowMs - 9 * HOUR_MS,
    fromMs: nowMs - 42 * 24 * HOUR_MS,
    toMs: nowMs - 9 * HOUR_MS,
    series: 34,
  };
  const loaded = await store.state(FIRST_WORKSPACE);
  const state = { ...loaded.state, baseline, open: [one] };
  await store.setState(
    FIRST_WORKSPACE,
    { ...loaded, state },
    [one, other],
    [detectedEvent(one, Date.now())],
    NEVER,
  );
  return [one, other];
}

Deno.test("/admin/alerts: tells an open page of an anomaly, shows it with its reason and leads to the usage", async () => {
  await using app = await startApp();
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/admin/alerts`);
  await page.getByText("Nothing out of the ordinary").waitFor();
  // What happens from now on is told to the page.
  await page.waitForFunction(() =>
    document.querySelector("[role=status]") !== null
  );
  await findTwo(app);
  await page.getByRole("link", { name: "Show it as it is now" }).click();
  const row = page.getByRole("row", { name: /snowmelt-large/ });
  await row.getByText("goes on").waitFor();
  await lookAt(page, "anomalies-desktop-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize(PHONE);
  await lookAt(page, "anomalies-phone-dark");
  await page.setViewportSize(DESKTOP);
  await row.getByRole("link").click();
  await page.waitForURL(/\/admin\/usage\?.*model=snowmelt-large/);
  assert.deepEqual(errors, []);
});
