/** What `docs/monitoring/` asks of `/metrics`: a dashboard and alert rules must not ask for what is not there. */
import assert from "node:assert/strict";
import { askWhole, startChat } from "@/tests/support/chat_client.ts";

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

const FOLDER = new URL("../../docs/monitoring/", import.meta.url);

/** Words of PromQL that stand where a metric could. */
const WORDS = new Set(["by", "le", "up", "for"]);

/** Names of metrics in an expression of PromQL: what is no function, no label and no text. */
function metricsOf(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\bby \([^)]*\)/g, "");
  return [...bare.matchAll(/\b[a-z][a-z0-9_]*\b(?!\s*\()/g)]
    .map(([name]) => name).filter((name) => !WORDS.has(name));
}

/** Expressions by where they stand. */
async function expressions(): Promise<[where: string, expression: string][]> {
  const dashboard: Dashboard = JSON.parse(
    await Deno.readTextFile(new URL("grafana-dashboard.json", FOLDER)),
  );
  const rules = await Deno.readTextFile(
    new URL("prometheus-alerts.yml", FOLDER),
  );
  const found = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr])
  );
  const ofRules = rules.matchAll(
    /- alert: (\w+)\n\s+expr: (?:\|\n)?([\s\S]*?)\n\s+for:/g,
  );
  return [
    ...found,
    ...[...ofRules].map(([, name, expr]): [string, string] => [
      name,
      expr,
    ]),
  ];
}

Deno.test("docs/monitoring: every metric of the dashboard and of the alert rules is one of GET /metrics", async () => {
  await using rig = await startChat();
  await askWhole(rig.app, "Hello");
  const text = await (await rig.app.fetch("/metrics")).text();
  const types = new Map(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]),
  );
  const asked = await expressions();
  assert.ok(asked.length > 40, `only ${asked.length} expressions were found`);
  const missing = asked.flatMap(([where, expression]) => {
    const names = metricsOf(expression);
    if (names.length === 0 && !expression.startsWith("up")) return [where];
    return names.filter((name) => {
      const whole = name.replace(/_(?:bucket|sum|count)$/, "");
      return types.get(name) === undefined && types.get(whole) !== "histogram";
    }).map((name) => `${where}: ${name}`);
  });
  assert.deepEqual(missing, []);
});

Deno.test("docs/monitoring.md: has every metric of GET /metrics, and no other", async () => {
  await using rig = await startChat();
  const text = await (await rig.app.fetch("/metrics")).text();
  const there = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  const page = await Deno.readTextFile(new URL("../monitoring.md", FOLDER));
  const told = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name);
  assert.deepEqual(told.sort(), there.sort());
});

Deno.test("docs/monitoring: the reading of expressions finds what is wrong in them", () => {
  assert.deepEqual(
    metricsOf(
      'topk(8, sum by (le, route) (rate(wrong_bucket{a="b"}[5m]))) / other > 0.5',
    ),
    ["wrong_bucket", "other"],
  );
});
