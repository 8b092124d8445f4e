/** Builds exports, erasures and retention from the store and the services that they draw on. */
import { AccountRemoval } from "@/lib/auth/account_removal.ts";
import { AccountStore } from "@/lib/auth/account_store.ts";
import type { AccessChanges } from "@/lib/auth/access_changes.ts";
import { endKeysOf } from "@/lib/auth/api_key_end.ts";
import { toKey } from "@/lib/auth/api_key_record.ts";
import { ApiKeyStore } from "@/lib/auth/api_key_store.ts";
import type { Identity } from "@/lib/auth/build_identity.ts";
import type { AuthMode } from "@/lib/auth/caller.ts";
import { MembershipStore } from "@/lib/auth/membership_store.ts";
import type { ResponseCache } from "@/lib/cache/response_cache.ts";
import type { Projects } from "@/lib/chat/projects.ts";
import { Sweeper } from "@/lib/sweeper.ts";
import { TagStore } from "@/lib/chat/tag_store.ts";
import type { Tags } from "@/lib/chat/tags.ts";
import type { Tasks } from "@/lib/chat/tasks.ts";
import { ThreadEditStore } from "@/lib/chat/thread_edit_store.ts";
import type { StopRun } from "@/lib/chat/thread_edits.ts";
import { ThreadPurgeStore } from "@/lib/chat/thread_purge_store.ts";
import type { ThreadStore } from "@/lib/chat/thread_store.ts";
import { endJobs } from "@/lib/jobs/end_jobs.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { DocumentExport } from "@/lib/documents/document_export.ts";
import { NotificationStore } from "@/lib/notifications/notification_store.ts";
import { ScheduleStore } from "@/lib/schedules/schedule_store.ts";
import { ScheduleView } from "@/lib/schedules/schedule_view.ts";
import type { Ledger } from "@/lib/usage/ledger_store.ts";
import { Erasures } from "./erasures.ts";
import { ErasureStore } from "./erasure_store.ts";
import { ProgramExportStore } from "./program_export_store.ts";
import { ExportStore } from "./export_store.ts";
import {
  type KeyLister,
  type NotificationLister,
  PersonalExport,
  type ScheduleLister,
} from "./personal_export.ts";
import { RetentionStore } from "./retention_store.ts";
import { ThreadExport } from "./thread_export.ts";
import { ThreadRetention } from "./thread_retention.ts";
import { orderWorkspaceErasures } from "./workspace_erasures.ts";

const ERASE_EVERY_MS = 10_000;
const RETENTION_EVERY_MS = 60 * 60_000;

export interface PersonalDataParts {
  store: ConstructorParameters<typeof ErasureStore>[0];
  mode: AuthMode;
  identity: Pick<Identity, "accountClosing" | "signIn">;
  changes: AccessChanges;
  threads: ThreadStore;
  projects: Projects;
  tags: Tags;
  tasks: Tasks;
  ledger: Ledger;
  stopRun: StopRun;
  kept: Pick<ResponseCache, "purge">;
  log: Logger;
}

/** What people may have of what is kept of them, and how it goes. */
export interface PersonalData {
  exports: PersonalExport;
  threadExport: ThreadExport;
  erasureOrders: ErasureStore;
  erasures: Erasures;
  /** Erases what was ordered; also in the background. */
  eraser: Sweeper;
  threadRetention: ThreadRetention;
  /** Removes threads that workspaces keep no longer, and what was in deleted workspaces. */
  oldThreads: Sweeper;
  accountRemoval: AccountRemoval;
}

export function buildPersonalData(parts: PersonalDataParts): PersonalData {
  const { store, mode, identity, changes, threads, stopRun, log } = parts;
  const accountRemoval = new AccountRemoval({
    mode,
    accounts: new AccountStore(store),
    memberships: new MembershipStore(store),
    ...identity,
  });
  const keyStore = new ApiKeyStore(store);
  const edits = new ThreadEditStore(store, threads);
  const erasureOrders = new ErasureStore(store);
  const jobStore = new JobStore(store);
  const erasures = new Erasures({
    store: erasureOrders,
    threads,
    edits,
    purge: new ThreadPurgeStore(store),
    stopRun,
    endJobs: (space, before, signal) =>
      endJobs(jobStore, space, before, signal),
    purgeAnswers: (workspace, signal) =>
      parts.kept.purge(workspace, {}, signal),
    revokeKeys: (workspace, user) =>
      endKeysOf(keyStore, changes, workspace, user, "account deleted"),
    closeAccount: (user) => accountRemoval.finish(user),
    log,
  });
  const retention = new RetentionStore(store);
  const threadRetention = new ThreadRetention({
    store: retention,
    threads,
    edits,
  });
  const eraser = new Sweeper({
    failure: "What users had could not be erased",
    everyMs: ERASE_EVERY_MS,
    sweep: (signal) => erasures.sweep(signal),
    log,
  });
  const exportStore = new ExportStore(store);
  const targets = { projects: parts.projects, tags: new TagStore(store) };
  const threadExport = new ThreadExport({
    ...targets,
    store: exportStore,
    threads,
  });
  return {
    threadExport,
    exports: new PersonalExport({
      ...targets,
      store: exportStore,
      threadExport,
      allProjects: parts.projects,
      allTags: parts.tags,
      allTasks: parts.tasks,
      listKeys: keyLister(keyStore),
      listSchedules: scheduleLister(store),
      listNotifications: notificationLister(store),
      documents: new DocumentExport(store),
      programs: new ProgramExportStore(store),
      ledger: parts.ledger,
    }),
    erasureOrders,
    erasures,
    eraser,
    threadRetention,
    oldThreads: new Sweeper({
      failure: "What workspaces keep no longer could not be removed",
      everyMs: RETENTION_EVERY_MS,
      sweep: async (signal) => {
        await threadRetention.sweep(signal);
        await orderWorkspaceErasures(retention, erasureOrders, signal);
        eraser.soon();
      },
      log,
    }),
    accountRemoval,
  };
}

function keyLister(store: ApiKeyStore): KeyLister {
  return async (workspace, user, { limit, cursor }) => {
    const records = await store.list(workspace, user, cursor, limit + 1);
    const page = records.slice(0, limit);
    const uses = await store.lastUses(workspace, page.map(({ id }) => id));
    return {
      items: page.map((record) => toKey(record, uses.get(record.id) ?? null)),
      nextCursor: records.length > limit ? page[limit - 1].id : null,
    };
  };
}

function scheduleLister(
  store: ConstructorParameters<typeof JobStore>[0],
): ScheduleLister {
  const jobs = new JobStore(store);
  const schedules = new ScheduleStore(store, jobs);
  const view = new ScheduleView(jobs);
  return async (space, { limit, cursor }) => {
    const records = await schedules.list(space, cursor, limit + 1);
    const page = records.slice(0, limit);
    return {
      items: await Promise.all(page.map((record) => view.show(record))),
      nextCursor: records.length > limit ? page[limit - 1].id : null,
    };
  };
}

/** As they are kept: the cursor is time and id of the last one. */
function notificationLister(
  store: ConstructorParameters<typeof NotificationStore>[0],
): NotificationLister {
  const notifications = new NotificationStore(store);
  const all = { read: null, event: null };
  return async (space, { limit, cursor }) => {
    const [at, last] = cursor?.split(" ") ?? [];
    const before = cursor === null ? null : { atMs: Number(at), id: last };
    const records = await notifications.list(space, all, before, limit);
    const end = records.at(-1);
    return {
      items: records.map((record) => {
        const { id, event, about, text, href, count, read, createdAt } = record;
        return { id, event, about, text, href, count, read, createdAt };
      }),
      nextCursor: records.length < limit || end === undefined
        ? null
        : `${end.at} ${end.id}`,
    };
  };
}
