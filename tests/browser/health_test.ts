/** The health of the server in a real browser: told anew without a reload, read by keyboard. */
import assert from "node:assert/strict";
import { HealthStore } from "@/lib/health/health_store.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { rounds } from "../support/size.ts";
import { DRESSES, lookAt } from "./people_rig.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A process that was killed a few minutes ago, with its day. */
async function addKilled({ services }: TestApp): Promise<void> {
  const { store, owner, gauges } = services;
  const now = store.clock.now();
  const hours = Array.from({ length: 24 }, (_, back) => ({
    hourMs: Math.floor(now / HOUR_MS - back) * HOUR_MS,
    points: Object.fromEntries(gauges.all.map(({ id, unit }) => [
      id,
      Float32Array.from(
        { length: 60 },
        (_, minute) =>
          (1 + Math.sin((60 * back + minute) / 100)) *
          (unit === "bytes" ? 8e7 : unit === "ratio" ? 0.2 : 12),
      ),
    ])),
  }));
  await new HealthStore(store, owner).write("inc_killed0Wq4Tz", {
    v: 1,
    host: "web-2",
    build: "5f0c",
    deno: "2.9.5",
    startedAt: now - 30 * HOUR_MS,
    at: now - 4 * MINUTE_MS,
    endedAt: null,
    unready: [],
    gauges: {},
    targets: [],
    tries: [],
  }, hours);
}

Deno.test("health page: what goes wrong shows by itself with what to do, in every dress", async () => {
  await using app = await startApp();
  await addKilled(app);
  const { health, healthRecorder, gauges } = app.services;
  let lagMs = 3;
  gauges.add({
    id: "kv_lag_of_test",
    title: "Lag of the test",
    unit: "ms",
    better: "low",
    read: () => lagMs,
  });
  app.services.healthFeed.rules = () =>
    Promise.resolve([
      { metric: "kv_lag_of_test", above: 100, severity: "warning" },
    ]);
  await using browser = await startBrowser();
  const { page, errors } = await browser.open(`${app.url}/admin/health`);
  await page.getByText("Live, told anew").waitFor();
  await page.getByText(/^Look: Process web-2 0Wq4Tz is gone/).waitFor();
  const row = page.getByRole("row", { name: /0Wq4Tz/ });
  await row.getByText("Gone, heard of 4 min ago").waitFor();
  await page.getByRole("row", { name: /answered this page/ }).getByText("Up")
    .waitFor();

  lagMs = 140;
  health.add("tide", () => "the tide is out");
  await healthRecorder.record();
  await page.getByText("Act now: ").waitFor();
  await page.getByRole("status").getByText(/tide: the tide is out/)
    .waitFor({ state: "attached" });
  const link = page.getByRole("link", {
    name: /^What to do ?: Lag of the test/,
  });
  await link.focus();
  await page.keyboard.press("Enter");
  assert.match(page.url(), /#finding-kv_lag_of_test$/);
  await lookAt(page, "health-desktop-light");
  assert.deepEqual(errors, []);
  for (const [name, options] of DRESSES.slice(-rounds(1, 3))) {
    const other = await browser.open(`${app.url}/admin/health`, options);
    await other.page.getByText("Act now: ").waitFor();
    await lookAt(other.page, `health-${name}`);
    assert.deepEqual(other.errors, []);
  }
});
