/** Notifications over a real store, with what they ask others answered by the test. */
import type { ConsumedEvent } from "@/lib/events/consumer.ts";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import { commit } from "@/lib/kv/commit.ts";
import { runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Mail } from "@/lib/mail/mail.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Notification } from "@/lib/shared/wire.ts";
import { BackgroundRunStore } from "../background_run_store.ts";
import { Notices } from "../notices.ts";
import { NotificationConsumer } from "../notification_consumer.ts";
import { NotificationMails } from "../notification_mails.ts";
import { NotificationSettingsStore } from "../notification_settings_store.ts";
import { NotificationStore } from "../notification_store.ts";
import { Notifications } from "../notifications.ts";

export const SPACE = "wsp_a/usr_a";

export interface NotificationRigOptions {
  /** Notifications that a space keeps. */
  mostKept?: number;
  admins?: string[];
}

export async function notificationRig(
  { mostKept, admins = [] }: NotificationRigOptions = {},
) {
  const clock = new ManualClock();
  const kv = await openStore({ location: ":memory:", clock });
  const store = new NotificationStore(kv, { mostKept });
  const settings = new NotificationSettingsStore(kv);
  const background = new BackgroundRunStore(kv);
  const mails: Mail[] = [];
  const jobs = new Map<string, Partial<JobRecord>>();
  const notices = new Notices({
    admins: () => Promise.resolve(admins),
    person: (user) => Promise.resolve(`Person ${user}`),
    subjectWords: (_, subject) => Promise.resolve(subject),
    job: (_, id) => Promise.resolve((jobs.get(id) ?? null) as JobRecord | null),
    notifies: (kind) => kind.startsWith("told."),
    background: (space, run) => background.find(space, run),
    run: (space, run) => background.run(space, run),
    schedule: () => Promise.resolve(null),
    document: () => Promise.resolve("River levels.csv"),
  });
  const threadTitle = () => Promise.resolve(null);
  const consumer = new NotificationConsumer({
    store,
    notices,
    settings,
    background,
    mails: new NotificationMails({
      mailer: {
        isOn: true,
        add(unit, mail) {
          mails.push(mail);
          return Promise.resolve(unit);
        },
        wake: () => {},
      },
      address: (user) => Promise.resolve(`${user}@example.org`),
      threadTitle,
      page: (path) => `https://example.org${path}`,
    }),
  });
  const signal = AbortSignal.timeout(60_000);
  const passedOn: ConsumedEvent[] = [];
  let atomics = 0;

  /** Has the consumer read events, in as many steps as it takes; how many steps that were. */
  const consume = async (events: readonly ConsumedEvent[]): Promise<number> => {
    let steps = 0;
    for (let from = 0; from < events.length; steps += 1) {
      const unit = new UnitOfWork();
      from += await consumer.handle(events.slice(from), unit, signal);
      atomics += 1;
      for (const { space, event } of unit.events) {
        if (event.type === "notification.wanted") {
          const versionstamp = `passed${atomics}`;
          passedOn.push({ space, versionstamp, index: passedOn.length, event });
        }
      }
      // In place of the cursor.
      unit.guard(runKey("wsp_test", newId("run")), null, { v: 1 });
      if (!(await commit(kv, unit)).ok) throw new Error("Step did not count");
    }
    return steps;
  };
  let made = 0;

  return {
    clock,
    kv,
    store,
    settings,
    background,
    jobs,
    mails,
    passedOn,
    consume,
    notifications: new Notifications({ store, settings, threadTitle }),
    /** An event that has just happened. */
    event(
      type: string,
      data: Record<string, unknown>,
      { space = SPACE, subject = newId("job") as string } = {},
    ): ConsumedEvent {
      made += 1;
      const versionstamp = made.toString(16).padStart(20, "0");
      const event = { type, at: clock.now(), subject, data };
      return { space, versionstamp, index: 0, event };
    },
    /** Every notification of a space, newest first. */
    async all(space = SPACE): Promise<Notification[]> {
      const filter = { read: null, event: null };
      const found: Notification[] = [];
      let cursor: string | null = null;
      do {
        const page = await this.notifications
          .list(space, filter, { limit: 200, cursor });
        found.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return found;
    },
    [Symbol.dispose]: () => kv.close(),
  };
}
