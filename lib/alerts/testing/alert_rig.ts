/** Several processes that look after the alerts of one store, where things go wrong. */
import type { AlertRuleSettings } from "@/lib/config/alerts.ts";
import { fence } from "@/lib/kv/fence.ts";
import { type Incarnation, startIncarnation } from "@/lib/kv/incarnation.ts";
import { eventsFrom, workspaceKey } from "@/lib/kv/keys.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { EnvelopeRecord, OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { createLogger } from "@/lib/observe/log.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { AlertEvaluator } from "../alert_evaluator.ts";
import { AlertSettingsStore } from "../alert_settings_store.ts";
import { AlertStore } from "../alert_store.ts";
import { ToldSignalStore } from "../told_signal_store.ts";

/** One process. */
export interface AlertProcess {
  incarnation: Incarnation;
  evaluator: AlertEvaluator;
  store: AlertStore;
  settings: AlertSettingsStore;
  faults: FaultKv;
  /** By how much its wall clock is wrong, in milliseconds. */
  skewMs: number;
}

export interface AlertRig extends Disposable {
  test: TestStore;
  /** What the gauges of all processes read; absent: nothing. */
  readings: Map<string, number>;
  /** Begins another process. */
  begin(): Promise<AlertProcess>;
  /** Another process finds out that one is gone. */
  fence(process: AlertProcess): Promise<void>;
  /** Makes a workspace, or another record of one. */
  putWorkspace(id: string, record?: { deletedAt: number }): Promise<void>;
  /** Tells that a budget of a workspace is spent. */
  spendBudget(workspace: string): Promise<void>;
  /** Lets a process look once; what fails is made up for by its next look. Whether it was the one to look. */
  look(process: AlertProcess): Promise<boolean>;
  /** Events of alerts of a workspace so far, in the order of their commits; the first one's unless told. */
  events(workspace?: string): Promise<OutboxEvent[]>;
  drive<T>(promise: Promise<T>): Promise<T>;
}

export async function startAlerts(
  configured: readonly AlertRuleSettings[],
): Promise<AlertRig> {
  const test = await openTestStore();
  const readings = new Map<string, number>();
  const work = { busy: 0 };
  // Time goes on by itself only while no process of them is working.
  const calmKv = new FaultKv(test.strict, work);
  const calm: Store = { ...test.store, kv: calmKv };
  const drive = async <T>(promise: Promise<T>): Promise<T> =>
    await calmKv.drive(test.clock, promise);
  const unit = new UnitOfWork().guard(workspaceKey(FIRST_WORKSPACE), null, {
    v: 1,
    id: FIRST_WORKSPACE,
  });
  await drive(commit(calm, unit));
  return {
    test,
    readings,
    drive,
    async begin() {
      const faults = new FaultKv(test.strict, work);
      const { clock } = test;
      const process = { skewMs: 0, faults } as AlertProcess;
      const store: Store = {
        ...test.store,
        kv: faults,
        clock: {
          now: () => clock.now() + process.skewMs,
          monotonic: () => clock.monotonic(),
          after: (delayMs, callback) => clock.after(delayMs, callback),
        },
      };
      const incarnation = await drive(startIncarnation(store));
      const alerts = new AlertStore(store);
      const settings = new AlertSettingsStore(store);
      const evaluator = new AlertEvaluator({
        store: alerts,
        settings,
        told: new ToldSignalStore(store),
        own: () => incarnation.id,
        configured,
        usage: { totals: () => Promise.resolve([]) },
        processes: {
          read: () =>
            Promise.resolve([{ name: "one", values: readings, targets: [] }]),
          across: () => "worst",
        },
        log: createLogger({ write: () => {}, format: "json", level: "error" }),
      });
      Object.assign(process, {
        incarnation,
        evaluator,
        store: alerts,
        settings,
      });
      return process;
    },
    async fence({ incarnation }) {
      await drive(fence(calm, incarnation.id));
    },
    async look({ evaluator }) {
      const never = new AbortController().signal;
      return await drive(evaluator.look(never).catch(() => false));
    },
    async putWorkspace(id, record) {
      const key = workspaceKey(id);
      const { versionstamp } = await drive(get(calm, key));
      const next = { v: 1, id, ...record };
      const unit = new UnitOfWork().guard(key, versionstamp, next);
      await drive(commit(calm, unit));
    },
    async spendBudget(workspace) {
      const unit = new UnitOfWork()
        .guard(workspaceKey("wsp_told"), null, { v: 1, deletedAt: 1 });
      const place = { workspace, subject: "user:usr_1", period: "2026-01-01" };
      const metric = "budget_exceeded";
      new ToldSignalStore(calm).add(unit, { ...place, metric }, {
        v: 1,
        name: "today’s budget of Ann",
        detail: null,
        untilMs: null,
      });
      await drive(commit(calm, unit));
    },
    async events(workspace = FIRST_WORKSPACE) {
      const found: OutboxEvent[] = [];
      const rows = list<EnvelopeRecord>(
        calm,
        eventsFrom(workspace, ""),
      );
      for await (const { value } of rows) {
        found.push(...value.ev.filter(({ type }) => type.startsWith("alert.")));
      }
      return found;
    },
    [Symbol.dispose]: () => test[Symbol.dispose](),
  };
}
