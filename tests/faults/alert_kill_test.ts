/** Alerts over real processes on one store: who looks is killed, and another one goes on. */
import assert from "node:assert/strict";
import type {
  Alert,
  EndedAlert,
  LoggedEvent,
  Page,
} from "@/lib/shared/wire.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

const STEP_DEADLINE_MS = 60_000;

/** Every process has more memory than this, so it fires at once and goes on for as long as one runs. */
const RUNS = {
  id: "runs",
  metric: "memory_bytes",
  window: "30s",
  above: 1,
  for: "0s",
  severity: "info",
};

async function itemsOf<T>(server: ServerProcess, path: string): Promise<T[]> {
  const response = await server.fetch(path);
  assert.equal(response.status, 200);
  const page: Page<T> = await response.json();
  return page.items;
}

Deno.test("alerts: killed while one fires, another process tells of its end, and nothing twice", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const configPath = `${dataDir}/config.json`;
  await Deno.writeTextFile(
    configPath,
    JSON.stringify({ titles: { enabled: false }, alerts: [RUNS] }),
  );
  const start = () =>
    startProcess(dataDir, { env: { FRESHET_CONFIG: configPath } });
  try {
    const first = await start();
    const fired = await waitFor("the alert", async () => {
      const alerts = await itemsOf<Alert>(first, "/api/alerts");
      return alerts.find(({ rule, state }) =>
        rule === "runs" && state === "firing"
      );
    }, STEP_DEADLINE_MS);
    await using second = await start();
    await first.kill("SIGKILL");
    const off = await second.fetch("/api/alerts/rules/runs", {
      method: "PUT",
      headers: { "content-type": "application/json", "if-match": "*" },
      body: JSON.stringify({ enabled: false }),
    });
    assert.equal(off.status, 200, await off.text());
    const ended = await waitFor("the end of it", async () => {
      const history = await itemsOf<EndedAlert>(second, "/api/alerts/history");
      return history.find(({ rule }) => rule === "runs");
    }, STEP_DEADLINE_MS);
    assert.equal(ended.incident, fired.incident);
    const events = await waitFor("both events", async () => {
      const found = await itemsOf<LoggedEvent>(
        second,
        "/api/events?scope=workspace&type=alert.*",
      );
      const own = found.filter(({ data }) => data.rule === "runs");
      return own.length >= 2 && own;
    }, STEP_DEADLINE_MS);
    assert.deepEqual(
      events.map(({ type, data }) => [type, data.incident]).sort(),
      [
        ["alert.fired", fired.incident],
        ["alert.resolved", fired.incident],
      ],
    );
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
