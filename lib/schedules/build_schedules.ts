/** Builds schedules from what they begin and whom they ask. */
import { Standings } from "@/lib/auth/standings.ts";
import type { AccessChanges } from "@/lib/auth/access_changes.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { Chat } from "@/lib/chat/chat.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import type { Projects } from "@/lib/chat/projects.ts";
import type { Threads } from "@/lib/chat/threads.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { PromptAsk } from "@/lib/jobs/kinds/prompt_ask.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Metrics } from "@/lib/observe/metrics.ts";
import { measureSchedules } from "@/lib/observe/schedule_metrics.ts";
import { Firing } from "./firing.ts";
import { ScheduleStore } from "./schedule_store.ts";
import { ScheduleView } from "./schedule_view.ts";
import { Schedules } from "./schedules.ts";
import { Ticker } from "./ticker.ts";

export interface ScheduleParts {
  store: ConstructorParameters<typeof ScheduleStore>[0];
  users: Pick<Users, "caller">;
  accessChanges: AccessChanges;
  chat: Chat;
  threads: Threads;
  projects: Projects;
  jobs: Jobs;
  jobStore: JobStore;
  jobKinds: JobKinds;
  log: Logger;
  metrics: Metrics;
}

/** A due time that is older counts as missed, in milliseconds. */
const LATE_MS = 30_000;

/** The same where nothing but requests and a cron once a minute wakes a process. */
const LATE_ON_PLATFORM_MS = 2 * 60_000;

/** What is done again and again, and what looks when it is due. */
export interface ScheduleServices {
  schedules: Schedules;
  /** Looks what is due. */
  scheduleTicker: Ticker;
}

export function buildSchedules(parts: ScheduleParts): ScheduleServices {
  const { users, chat, threads, projects, jobs, jobStore, jobKinds, log } =
    parts;
  const store = new ScheduleStore(parts.store, jobStore);
  const standings = new Standings(
    (user, workspace) => users.caller(user, workspace),
    store.clock,
  );
  parts.accessChanges.subscribe((change) => standings.changed(change));
  const standing = (user: string, workspace: string) =>
    standings.find(user, workspace);
  const firing = new Firing({
    store,
    jobs,
    jobStore,
    standing,
    log,
    lateMs: parts.store.kind === "platform" ? LATE_ON_PLATFORM_MS : LATE_MS,
    onRun: measureSchedules(parts.metrics),
  });
  const ticker = new Ticker({ store, firing, log });
  jobKinds.add(new PromptAsk({ schedules: store, chat, threads, standing }));
  const schedules = new Schedules({
    store,
    firing,
    jobs,
    jobKinds,
    requests: new IdempotencyStore(parts.store),
    projects,
    view: new ScheduleView(jobStore),
    changed: () => ticker.soon(),
  });
  return { schedules, scheduleTicker: ticker };
}
