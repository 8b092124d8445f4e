import assert from "node:assert/strict";
import fc from "fast-check";
import { StorageError } from "@/lib/errors.ts";
import type { AlertRuleSettings } from "@/lib/config/alerts.ts";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { conditionOf, effectiveAlerts } from "./alert_rules.ts";
import { lookEveryMs } from "./alert_evaluator.ts";
import { SERVER_SCOPE } from "./alert_record.ts";
import { type AlertProcess, startAlerts } from "./testing/alert_rig.ts";

const LOOK_MS = 1_000;

const LAG: AlertRuleSettings = {
  id: "lag",
  metric: "event_loop_lag_ms",
  window: "1s",
  above: 100,
  for: "3s",
  clearFor: "3s",
};

const ONE = [{ id: "event-loop-lag", enabled: false }, LAG];

const typesOf = (events: readonly { type: string }[]) =>
  events.map(({ type }) => type);

Deno.test("AlertEvaluator: of two processes one looks, and the other goes on when it is gone", async () => {
  using rig = await startAlerts(ONE);
  const [one, two] = [await rig.begin(), await rig.begin()];
  assert.equal(await rig.look(one), true);
  assert.equal(await rig.look(two), false);
  rig.readings.set("event_loop_lag_ms", 500);
  await rig.look(one);
  await rig.fence(one);
  assert.equal(await rig.look(one), false);
  for (let look = 0; look < 4; look += 1) {
    rig.test.clock.advance(LOOK_MS);
    assert.equal(await rig.look(two), true);
  }
  const [fired, ...others] = await rig.events();
  assert.equal(fired.type, "alert.fired");
  assert.deepEqual(others, []);
});

Deno.test("AlertEvaluator: what fires is not told again after a restart, and is told to be over", async () => {
  using rig = await startAlerts(ONE);
  rig.readings.set("event_loop_lag_ms", 500);
  const first = await rig.begin();
  for (let look = 0; look < 5; look += 1) {
    await rig.look(first);
    rig.test.clock.advance(LOOK_MS);
  }
  await rig.fence(first);
  const second = await rig.begin();
  for (let look = 0; look < 5; look += 1) {
    await rig.look(second);
    rig.test.clock.advance(LOOK_MS);
  }
  assert.deepEqual(typesOf(await rig.events()), ["alert.fired"]);
  rig.readings.set("event_loop_lag_ms", 5);
  for (let look = 0; look < 6; look += 1) {
    await rig.look(second);
    rig.test.clock.advance(LOOK_MS);
  }
  const [fired, resolved] = await rig.events();
  assert.equal(resolved.type, "alert.resolved");
  assert.equal(resolved.data.incident, fired.data.incident);
  const [ended] = await rig.drive(second.store.ended(SERVER_SCOPE, null, 5));
  assert.equal(ended.record.state.worst, 500);
  assert.equal(ended.record.ending, "recovered");
});

Deno.test("AlertEvaluator: a process that was frozen while another took over writes nothing any more", async () => {
  using rig = await startAlerts(ONE);
  const [frozen, other] = [await rig.begin(), await rig.begin()];
  rig.readings.set("event_loop_lag_ms", 500);
  await rig.look(frozen);
  rig.test.clock.advance(LOOK_MS);
  // What it sends now arrives only after it was fenced.
  rig.test.clock.advance(4 * LOOK_MS);
  frozen.faults.script("hold");
  await rig.look(frozen);
  await rig.fence(frozen);
  for (let look = 0; look < 6; look += 1) {
    await rig.look(other);
    rig.test.clock.advance(LOOK_MS);
  }
  const before = await rig.events();
  await frozen.faults.applyHeld();
  assert.deepEqual(await rig.events(), before);
  assert.deepEqual(typesOf(before), ["alert.fired"]);
});

Deno.test("AlertEvaluator: a rule that is switched off ends what it had told", async () => {
  using rig = await startAlerts(ONE);
  const process = await rig.begin();
  rig.readings.set("event_loop_lag_ms", 500);
  for (let look = 0; look < 5; look += 1) {
    await rig.look(process);
    rig.test.clock.advance(LOOK_MS);
  }
  await rig.drive(process.settings.set(SERVER_SCOPE, null, {
    v: 1,
    version: 1,
    rules: [{ id: "lag", enabled: false }],
    silences: [],
  }, []));
  await rig.look(process);
  const [, resolved] = await rig.events();
  assert.equal(resolved.data.ending, "removed");
});

Deno.test("AlertEvaluator: what was stored without an answer is not told once more", async () => {
  using rig = await startAlerts(ONE);
  const process = await rig.begin();
  const { store } = process;
  rig.readings.set("event_loop_lag_ms", 500);
  const change = store.change.bind(store);
  let silent = 0;
  store.change = async (lease, changes, written, signal) => {
    if (!changes.some(({ event }) => event !== null)) {
      return await change(lease, changes, written, signal);
    }
    silent += 1;
    await change(lease, changes, () => {}, signal);
    throw new StorageError("The store does not answer.");
  };
  for (let look = 0; look < 8; look += 1) {
    await rig.look(process);
    rig.test.clock.advance(LOOK_MS);
  }
  assert.equal(silent, 1);
  assert.deepEqual(typesOf(await rig.events()), ["alert.fired"]);
});

Deno.test("AlertEvaluator: what fires in silence is known to fire at once, and its figures are kept up", async () => {
  using rig = await startAlerts(ONE);
  const process = await rig.begin();
  const silence = { rule: "lag", series: null, by: "usr_1", atMs: 0 };
  await rig.drive(process.settings.set(SERVER_SCOPE, null, {
    v: 1,
    version: 1,
    rules: [],
    silences: [{ ...silence, untilMs: Number.MAX_SAFE_INTEGER }],
  }, []));
  const stored = async () =>
    (await rig.drive(process.store.states(SERVER_SCOPE)))
      .map(({ state }) => ({ phase: state.phase, worst: state.worst }));
  const lookFor = async (looks: number) => {
    for (let look = 0; look < looks; look += 1) {
      await rig.look(process);
      rig.test.clock.advance(LOOK_MS);
    }
  };
  rig.readings.set("event_loop_lag_ms", 500);
  await lookFor(6);
  assert.deepEqual(await stored(), [{ phase: "firing", worst: 500 }]);
  rig.readings.set("event_loop_lag_ms", 900);
  await lookFor(40);
  assert.deepEqual(await stored(), [{ phase: "firing", worst: 900 }]);
  assert.deepEqual(await rig.events(), []);
});

Deno.test("AlertEvaluator: while all is well nothing is written, whoever looks", async () => {
  using rig = await startAlerts(ONE);
  const [one, two] = [await rig.begin(), await rig.begin()];
  rig.readings.set("event_loop_lag_ms", 5);
  await rig.look(one);
  const before = one.faults.commits + two.faults.commits;
  for (let look = 0; look < 20; look += 1) {
    rig.test.clock.advance(LOOK_MS);
    await rig.look(one);
    await rig.look(two);
  }
  assert.equal(one.faults.commits + two.faults.commits, before);
});

Deno.test("AlertEvaluator: an alert of a workspace that is deleted goes without a word", async () => {
  using rig = await startAlerts(ONE);
  const process = await rig.begin();
  await rig.putWorkspace("wsp_2");
  await rig.spendBudget("wsp_2");
  await rig.look(process);
  assert.deepEqual(typesOf(await rig.events("wsp_2")), ["alert.fired"]);
  await rig.putWorkspace("wsp_2", { deletedAt: 1 });
  await rig.look(process);
  assert.equal((await rig.events("wsp_2")).length, 1);
  assert.deepEqual(await rig.drive(process.store.states(null)), []);
  assert.deepEqual(
    await rig.drive(process.store.ended("wsp_2", null, 5)),
    [],
  );
});

type Turn =
  | { type: "look"; who: 0 | 1 }
  | { type: "wait"; ms: number }
  | { type: "read"; value: number | null }
  | { type: "kill"; who: 0 | 1 }
  | { type: "skew"; who: 0 | 1; ms: number }
  | { type: "fault"; who: 0 | 1; fault: string };

const who = fc.constantFrom(0 as const, 1 as const);
const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ type: fc.constant("look"), who }) },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant("wait"),
        ms: fc.integer({ min: 200, max: 3_000 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("read"),
        value: fc.constantFrom(500, 5, 95, null),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("kill"), who }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("skew"),
        who,
        ms: fc.integer({ min: -3_600_000, max: 3_600_000 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant("fault"),
        who,
        fault: fc.constantFrom(...BRIEF_FAULTS.commits),
      }),
    },
  ) as fc.Arbitrary<Turn>,
  { maxLength: 60, size: "max" },
);

Deno.test("AlertEvaluator: two processes with wrong clocks, kills and a faulty store tell each firing once", async () => {
  await fc.assert(
    fc.asyncProperty(turns, async (all) => {
      using rig = await startAlerts(ONE);
      const processes: AlertProcess[] = [await rig.begin(), await rig.begin()];
      for (const turn of all) {
        if (turn.type === "wait") rig.test.clock.advance(turn.ms);
        else if (turn.type === "read") {
          if (turn.value === null) rig.readings.clear();
          else rig.readings.set("event_loop_lag_ms", turn.value);
        } else if (turn.type === "look") await rig.look(processes[turn.who]);
        else if (turn.type === "skew") processes[turn.who].skewMs = turn.ms;
        else if (turn.type === "fault") {
          processes[turn.who].faults.script(turn.fault as "drop");
        } else {
          await rig.fence(processes[turn.who]);
          processes[turn.who] = await rig.begin();
        }
      }
      // In the end everything is calm, and bad for long enough; then well for long enough.
      for (const { faults } of processes) faults.heal();
      for (const [value, last] of [[500, "fired"], [5, "resolved"]] as const) {
        rig.readings.set("event_loop_lag_ms", value);
        for (let look = 0; look < 12; look += 1) {
          for (const process of processes) await rig.look(process);
          rig.test.clock.advance(LOOK_MS);
        }
        assert.equal((await rig.events()).at(-1)?.type, `alert.${last}`);
      }
      const events = await rig.events();
      for (const [index, { type, data }] of events.entries()) {
        assert.equal(
          type,
          index % 2 === 0 ? "alert.fired" : "alert.resolved",
          typesOf(events).join(),
        );
        if (index % 2 === 1) {
          assert.equal(data.incident, events[index - 1].data.incident);
        }
      }
      const left = await rig.drive(processes[0].store.states(null));
      assert.deepEqual(left, []);
    }),
    { numRuns: 15 },
  );
});

Deno.test("lookEveryMs: the shortest rule is looked at several times before it fires", () => {
  const rulesOf = (rule: Partial<AlertRuleSettings>) =>
    effectiveAlerts("server", [{ ...LAG, ...rule }], []).filter(({ id }) =>
      id === "lag"
    );
  assert.equal(lookEveryMs(rulesOf({ window: "5m", for: "2m" })), 10_000);
  assert.equal(lookEveryMs(rulesOf({ window: "10s", for: "2s" })), 2_000);
  assert.equal(lookEveryMs(rulesOf({ window: "1s", for: "0s" })), 1_000);
  assert.equal(lookEveryMs([]), 10_000);
});

Deno.test("effectiveAlerts: the file changes the defaults, admins change both, and words follow the measure", () => {
  const file: AlertRuleSettings[] = [
    { id: "memory", above: 5 },
    { id: "own", metric: "cost", above: 10, next: "Call Mara." },
  ];
  const find = (edited: AlertRuleSettings[], id: string) =>
    effectiveAlerts("server", file, edited).find((rule) => rule.id === id)!;
  assert.equal(find([], "memory").above, 5);
  assert.equal(find([], "memory").source, "config");
  assert.equal(find([], "event-loop-lag").source, "default");
  const edited: AlertRuleSettings[] = [{ id: "memory", enabled: false }];
  assert.equal(find(edited, "memory").above, 5);
  assert.equal(find(edited, "memory").enabled, false);
  assert.equal(find([], "own").next, "Call Mara.");
  const other = find([{ id: "own", metric: "requests", below: 1 }], "own");
  assert.deepEqual([other.above, other.below], [null, 1]);
  assert.notEqual(other.next, "Call Mara.");
  const narrow = { where: { model: "a/m 1" }, metric: "ttft_p95" as const };
  assert.equal(
    find([{ id: "own", above: 1, ...narrow }], "own").href,
    "/admin/usage?range=24h&groupBy=model&model=a%2Fm+1",
  );
  assert.equal(
    effectiveAlerts("workspace", file, []).some(({ id }) => id === "memory"),
    false,
  );
});

Deno.test("conditionOf: being over takes a margin, on the good side of the limit", () => {
  const [above] = effectiveAlerts("workspace", [], [
    { id: "a", metric: "cost", above: 10 },
  ]).slice(-1);
  assert.equal(conditionOf(above).clearAt, 9);
  const [below] = effectiveAlerts("workspace", [], [
    { id: "a", metric: "tokens_per_second_p50", below: 10, for: "5m" },
  ]).slice(-1);
  assert.equal(conditionOf(below).clearAt, 11);
  assert.equal(conditionOf(below).clearForMs, 300_000);
});
