/** Builds what tells people of what happened while they looked elsewhere. */
import type { Users } from "@/lib/auth/users.ts";
import { buildAudience } from "@/lib/auth/mail_audience.ts";
import type { Workspaces } from "@/lib/auth/workspaces.ts";
import type { Chat } from "@/lib/chat/chat.ts";
import { Sweeper } from "@/lib/sweeper.ts";
import type { Threads } from "@/lib/chat/threads.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { BackgroundRunStore } from "./background_run_store.ts";
import { BackgroundRuns } from "./background_runs.ts";
import { Notices, type NoticeSources } from "./notices.ts";
import { NotificationConsumer } from "./notification_consumer.ts";
import { NotificationMails } from "./notification_mails.ts";
import { NotificationSettingsStore } from "./notification_settings_store.ts";
import { NotificationStore } from "./notification_store.ts";
import { Notifications } from "./notifications.ts";

export interface NotificationServiceParts {
  store: ConstructorParameters<typeof NotificationStore>[0];
  config: { publicUrl: string | null };
  users: Pick<Users, "list" | "account">;
  workspaces: Pick<Workspaces, "find">;
  chat: Pick<Chat, "requireRun">;
  threads: Pick<Threads, "get">;
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  consumers: Pick<Consumers, "add">;
  jobStore: Pick<JobStore, "load">;
  jobKinds: JobKinds;
  /** How what notifications are about is called. */
  names: Pick<NoticeSources, "schedule" | "document">;
  log: Logger;
}

export interface NotificationServices {
  notifications: Notifications;
  backgroundRuns: BackgroundRuns;
  /** Removes notifications that are kept no longer. */
  oldNotifications: Sweeper;
}

const SWEEP_EVERY_MS = 60 * 60_000;
const PEOPLE_PER_READ = 200;
/** Reads for the admins of one workspace: of more people, some admins may not be told. */
const MOST_READS = 10;

export function buildNotifications(
  parts: NotificationServiceParts,
): NotificationServices {
  const { users, workspaces, chat, threads, mailer, jobStore, log } = parts;
  const store = new NotificationStore(parts.store);
  const settings = new NotificationSettingsStore(parts.store);
  const background = new BackgroundRunStore(parts.store);
  const audience = buildAudience({
    users,
    workspaces,
    publicUrl: parts.config.publicUrl,
  });
  const threadTitle = async (space: string, thread: string) =>
    (await threads.get(space, thread))?.title ?? null;
  const notices = new Notices({
    ...parts.names,
    admins: (workspace, signal) => adminsOf(users, workspace, signal),
    async person(user) {
      const account = await users.account(user);
      return account?.name || account?.email || null;
    },
    subjectWords: (workspace, subject) =>
      audience.subjectWords(workspace, subject),
    job: async (space, id) => (await jobStore.load(space, id))?.record ?? null,
    notifies: (kind) => parts.jobKinds.get(kind)?.notifies ?? false,
    background: (space, run, signal) => background.find(space, run, signal),
    run: (space, run, signal) => background.run(space, run, signal),
  });
  const mails = new NotificationMails({
    mailer,
    address: async (user) => (await audience.user(user))?.email ?? null,
    threadTitle,
    page: (path) => audience.page(path),
  });
  parts.consumers.add(
    new NotificationConsumer({ store, notices, settings, background, mails }),
  );
  const notifications = new Notifications({ store, settings, threadTitle });
  return {
    notifications,
    backgroundRuns: new BackgroundRuns(background, chat),
    oldNotifications: new Sweeper({
      failure: "Old notifications could not be removed",
      everyMs: SWEEP_EVERY_MS,
      sweep: (signal) => notifications.sweep(signal),
      log,
    }),
  };
}

/** Who runs a workspace, whether they have an address or not. */
async function adminsOf(
  users: Pick<Users, "list">,
  workspace: string,
  signal: AbortSignal,
): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  for (let reads = 0; reads < MOST_READS; reads += 1) {
    signal.throwIfAborted();
    const page = await users.list(workspace, {
      limit: PEOPLE_PER_READ,
      cursor,
    });
    for (const { id, role, disabled } of page.items) {
      if ((role === "admin" || role === "owner") && !disabled) found.push(id);
    }
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return found;
}
