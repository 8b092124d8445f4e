/** Processes that look after the schedules of one store, each with a clock and with faults of its own. */
import * as z from "zod";
import type { Standing } from "@/lib/auth/records.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import type { Clock } from "@/lib/clock.ts";
import { type JobKind, JobKinds } from "@/lib/jobs/job_kind.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { Jobs } from "@/lib/jobs/jobs.ts";
import { jobList } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { StrictKv } from "@/lib/kv/testing/strict_kv.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { Firing } from "../firing.ts";
import { type NewSchedule, newScheduleSchema } from "../schedule_input.ts";
import { ScheduleStore } from "../schedule_store.ts";
import { ScheduleView } from "../schedule_view.ts";
import { Schedules } from "../schedules.ts";
import { Ticker } from "../ticker.ts";

export const SPACE = "wsp_a/usr_a";

/** One process. */
export interface ScheduleProcess {
  schedules: Schedules;
  ticker: Ticker;
  store: ScheduleStore;
  faults: FaultKv;
  /** How far its wall clock is ahead of the true time, in milliseconds. */
  skewMs: number;
}

export interface ScheduleWorld extends Disposable {
  clock: ManualClock;
  /** What the owner of the schedules may do; null: nothing. */
  standing: Standing | null;
  begin(): ScheduleProcess;
  /** A store without faults. */
  calm: Store;
  /** Lets a promise settle while time goes on by itself whenever the store is idle. */
  drive<T>(promise: Promise<T>): Promise<T>;
  /** Goes on to a true time and lets processes look. */
  lookAt(at: string, ...processes: ScheduleProcess[]): Promise<void>;
  /** All jobs there are, in the order in which they were made. */
  jobs(): Promise<Job[]>;
}

/** A job that schedules may begin, and that nobody does here. */
const KIND: JobKind = {
  kind: "test.do",
  input: z.unknown(),
  describe: () => "Something to do",
  isPublic: true,
  priority: "normal",
  maxAttempts: 3,
  deadlineMs: 60_000,
  perProcess: 16,
  perWorkspace: 16,
  handle: () => Promise.resolve({}),
};

export const MEMBER: Standing = {
  role: "member",
  groups: [],
  isOperator: false,
};

/** A new schedule with what a test does not say. */
export function wanted(more: Partial<NewSchedule> = {}): NewSchedule {
  return newScheduleSchema.parse({
    name: "Morning",
    cron: "0 7 * * *",
    timeZone: "Europe/Berlin",
    target: { type: "job", kind: "test.do" },
    ...more,
  });
}

export async function scheduleWorld(
  { lateMs = 30_000 }: { lateMs?: number } = {},
): Promise<ScheduleWorld> {
  const clock = new ManualClock();
  // Noon in UTC: a morning is the next day's.
  clock.advance(12 * 60 * 60 * 1_000);
  const work = { busy: 0 };
  let strict!: StrictKv;
  const calm = await openStore({
    location: ":memory:",
    clock,
    wrap(kv) {
      strict = new StrictKv(kv);
      return new FaultKv(strict, work);
    },
  });
  const driver = calm.kv as FaultKv;
  // Nothing here executes a job; a real owner would move the clock by the timer of its renewals.
  const owner = { incarnation: { id: "inc" } } as unknown as Owner;
  const world: ScheduleWorld = {
    clock,
    calm,
    standing: MEMBER,
    begin() {
      const faults = new FaultKv(strict, work);
      const skew = { skewMs: 0 };
      const skewed: Clock = {
        now: () => clock.now() + skew.skewMs,
        monotonic: () => clock.monotonic(),
        after: (delayMs, callback) => clock.after(delayMs, callback),
      };
      const built = build({ ...calm, kv: faults, clock: skewed });
      return Object.assign(skew, built, { faults });
    },
    drive: (promise) => driver.drive(clock, promise),
    async lookAt(at, ...processes) {
      clock.advance(Date.parse(at) - clock.now());
      await world.drive(
        Promise.all(processes.map(({ ticker }) => ticker.tick())),
      );
    },
    async jobs() {
      const jobStore = new JobStore(calm);
      const ids = await Array.fromAsync(
        list(calm, jobList(SPACE, "queued", null)),
        ({ key }) => String(key.at(-1)),
      );
      const found = await Promise.all(
        ids.map((id) => jobStore.load(SPACE, id)),
      );
      return found.map((loaded) => loaded!.record as unknown as Job);
    },
    [Symbol.dispose]() {
      calm.close();
      if (strict.violations.length > 0) {
        throw new Error(`Rules were broken: ${strict.violations.join("; ")}`);
      }
    },
  };

  function build(store: Store) {
    const log = silentLogger();
    const jobStore = new JobStore(store);
    const jobKinds = new JobKinds();
    jobKinds.add(KIND);
    const jobs = new Jobs({
      store,
      jobs: jobStore,
      kinds: jobKinds,
      owner,
      cancelHere: () => false,
    });
    const scheduleStore = new ScheduleStore(store, jobStore);
    const firing = new Firing({
      store: scheduleStore,
      jobs,
      jobStore,
      standing: () => Promise.resolve(world.standing),
      log,
      lateMs,
    });
    const ticker = new Ticker({ store: scheduleStore, firing, log });
    const schedules = new Schedules({
      store: scheduleStore,
      firing,
      jobs,
      jobKinds,
      requests: new IdempotencyStore(store),
      projects: { findMany: () => Promise.resolve([]) },
      view: new ScheduleView(jobStore),
      changed: () => ticker.soon(),
    });
    return { schedules, ticker, store: scheduleStore };
  }

  return world;
}
