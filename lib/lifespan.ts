/**
 * Start and end of a process: builds the services in order, and takes them down in order. The services
 * hang on one symbol of `globalThis`, the only global of the project, since the server's entry, the built
 * app and the tests may each load this module as a copy of their own.
 */
import { Chat } from "@/lib/chat/chat.ts";
import { loadLiveRows } from "@/lib/chat/live_rows.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import { ProjectStore } from "@/lib/chat/project_store.ts";
import { Projects } from "@/lib/chat/projects.ts";
import { Runs } from "@/lib/chat/runs.ts";
import { RunStore } from "@/lib/chat/run_store.ts";
import { TagStore } from "@/lib/chat/tag_store.ts";
import { Tags } from "@/lib/chat/tags.ts";
import { TaskStore } from "@/lib/chat/task_store.ts";
import { Tasks } from "@/lib/chat/tasks.ts";
import { ThreadEdits } from "@/lib/chat/thread_edits.ts";
import { ThreadEditStore } from "@/lib/chat/thread_edit_store.ts";
import { ThreadListStore } from "@/lib/chat/thread_list_store.ts";
import { ThreadPurge } from "@/lib/chat/thread_purge.ts";
import { ThreadPurgeStore } from "@/lib/chat/thread_purge_store.ts";
import { ThreadStore } from "@/lib/chat/thread_store.ts";
import { Threads } from "@/lib/chat/threads.ts";
import { TitleStore } from "@/lib/chat/title_store.ts";
import { Titles } from "@/lib/chat/titles.ts";
import {
  type Config,
  readConfig,
  settingsWithoutEffect,
  storeError,
} from "@/lib/config.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { LiveFeed } from "@/lib/events/live_feed.ts";
import { OutboxTrim } from "@/lib/events/trim.ts";
import { fenceDead } from "@/lib/kv/fence.ts";
import { type Incarnation, startIncarnation } from "@/lib/kv/incarnation.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { LocalPorts } from "@/lib/llm/discovery.ts";
import { LocalProviders } from "@/lib/llm/local_providers.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { Health } from "@/lib/observe/health.ts";
import { consoleLogger, type Logger } from "@/lib/observe/log.ts";
import { Hub } from "@/lib/streams/hub.ts";
import { Ledger, writeLedgerRow } from "@/lib/usage/ledger_store.ts";

/** Workspace of local mode, where everyone on the machine is the one owner. */
export const LOCAL_WORKSPACE = "wsp_local";

/** Everything a route may call. */
export interface Services {
  config: Config;
  log: Logger;
  store: Store;
  incarnation: Incarnation;
  hub: Hub;
  models: ModelRegistry;
  localProviders: LocalProviders;
  runs: Runs;
  threads: Threads;
  threadEdits: ThreadEdits;
  threadPurge: ThreadPurge;
  chat: Chat;
  prices: PriceList;
  ledger: Ledger;
  titles: Titles;
  projects: Projects;
  tags: Tags;
  tasks: Tasks;
  health: Health;
  consumers: Consumers;
  liveFeed: LiveFeed;
}

/** Parts that a test gives in place of the process's own. */
export interface ServiceParts {
  log?: Logger;
  /** An open store; without it the one that the settings name is opened. */
  store?: Store;
  /** How long followers wait for the end of a run to be stored, in milliseconds. */
  finalDeadlineMs?: number;
  /** Ports on which a local model server may answer. */
  localPorts?: LocalPorts;
}

/** How long running answers get to store their ends when the process stops, in milliseconds. */
const FINAL_WRITES_MS = 2_000;

/** How long the store may be silent before the log says so, in milliseconds. */
const TELL_HALT_AFTER_MS = 1_000;

const SERVICES = Symbol.for("freshet.services");

type Global = typeof globalThis & { [SERVICES]?: Services };

/** The services of this process. @throws {Error} before `ensureServices` */
export function currentServices(): Services {
  const services = (globalThis as Global)[SERVICES];
  if (services === undefined) throw new Error("Services have not been started");
  return services;
}

/** Makes services the ones of this process; a test harness does this with its own. */
export function setServices(services: Services | undefined): void {
  (globalThis as Global)[SERVICES] = services;
}

/**
 * The services of this process, started when they are not there yet.
 * @throws {ConfigError} when a setting cannot be used
 */
export async function ensureServices(config?: Config): Promise<Services> {
  const there = (globalThis as Global)[SERVICES];
  if (there !== undefined) return there;
  const services = await startServices(config ?? await readConfig());
  const idle = settingsWithoutEffect();
  if (idle.length > 0) {
    services.log.warn("These settings have no effect in this version", {
      settings: idle,
    });
  }
  setServices(services);
  return services;
}

/** Builds the services: store, incarnation, what dead processes left behind, models, chat. */
export async function startServices(
  config: Config,
  parts: ServiceParts = {},
): Promise<Services> {
  const log = parts.log ?? consoleLogger();
  const store = parts.store ?? await openConfigured(config);
  const incarnation = await startIncarnation(store);
  const hub = new Hub();
  const threadStore = new ThreadStore(store, incarnation.id);
  const runStore = new RunStore(store, incarnation, threadStore);
  const runs = new Runs(runStore, hub, {
    finalDeadlineMs: parts.finalDeadlineMs,
  });
  const models = new ModelRegistry({
    providers: config.providers,
    defaultProvider: config.defaultProvider,
  });
  const prices = new PriceList(config.prices);
  const localProviders = new LocalProviders(store, models, parts.localPorts);
  await localProviders.load();
  const requests = new IdempotencyStore(store);
  const tagStore = new TagStore(store);
  const projects = new Projects(new ProjectStore(store), requests, models);
  const threads = new Threads({
    store: threadStore,
    list: new ThreadListStore(store),
    requests,
    runStore,
    runs,
    models,
    projects,
    tags: tagStore,
  });
  const stopRun = (_workspace: string, runId: string) => runs.cancel(runId);
  const consumers = new Consumers(store, log);
  consumers.add(new OutboxTrim(store, () => consumers.names));
  const services: Services = {
    config,
    log,
    store,
    incarnation,
    hub,
    models,
    localProviders,
    runs,
    threads,
    threadEdits: new ThreadEdits({
      threads: threadStore,
      edits: new ThreadEditStore(store, threadStore),
      models,
      projects,
      tags: tagStore,
      stopRun,
    }),
    threadPurge: new ThreadPurge(new ThreadPurgeStore(store), stopRun, log),
    chat: new Chat(threadStore, runStore, runs, models),
    prices,
    ledger: new Ledger(store),
    titles: new Titles({
      store: new TitleStore(store, threadStore),
      models,
      prices,
      settings: config.titles,
      recordUsage: (workspace, row) =>
        writeLedgerRow(incarnation.lane, workspace, row),
      log,
    }),
    projects,
    tags: new Tags(tagStore, requests),
    tasks: new Tasks(new TaskStore(store), tagStore, requests, {
      projects,
      threads,
    }),
    health: new Health(),
    consumers,
    liveFeed: new LiveFeed(
      store,
      (workspace, threads, signal) =>
        loadLiveRows(store, workspace, threads, signal),
      log,
    ),
  };
  watchHealth(services);
  await takeOver(services, runStore);
  consumers.start();
  services.threadPurge.start();
  return services;
}

async function openConfigured(config: Config): Promise<Store> {
  try {
    return await openStore({ location: config.storePath });
  } catch (error) {
    throw storeError(config, error);
  }
}

function watchHealth({ health, incarnation, log }: Services): void {
  const { lane } = incarnation;
  health.add(
    "storage",
    () => lane.state === "open" ? null : `the writer is ${lane.state}`,
  );
  let late: ReturnType<typeof setTimeout> | undefined;
  let isTold = false;
  lane.subscribe((event) => {
    clearTimeout(late);
    if (event.type === "halted") {
      // A lock that another process holds for a moment is no news.
      late = setTimeout(() => {
        isTold = true;
        log.error("Store does not answer", { error: event.reason });
      }, TELL_HALT_AFTER_MS);
    } else if (event.type === "resumed" && isTold) {
      isTold = false;
      log.info("Store answers again");
    } else if (event.type === "fenced") {
      log.error("Another process has taken over");
    }
  });
}

/** Ends what dead processes of this machine left running. */
async function takeOver(
  { incarnation, log, store }: Services,
  runStore: RunStore,
): Promise<void> {
  for (const dead of await fenceDead(store, incarnation.id)) {
    for await (const { workspace, kind, id, key } of dead.owned()) {
      if (kind !== "r") continue;
      const interrupted = await runStore.interruptRun(
        workspace,
        dead.id,
        id,
        key,
      );
      if (interrupted) {
        log.warn("Answer was interrupted by the end of its process", {
          run: id,
        });
      }
    }
  }
}

/**
 * Takes the services down: no new work, answers may finish for `FRESHET_DRAIN_MS`, those that go on are
 * stored as interrupted, followers are asked to come back, the lane and the store are closed.
 */
export async function drain(services: Services): Promise<void> {
  const { config, health, hub, incarnation, models, runs, store } = services;
  health.add("accepting", () => "the process is going down");
  services.liveFeed.stop();
  const deadlineAt = performance.now() + config.drainMs;
  while (hub.active().length > 0 && performance.now() < deadlineAt) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.all([
    runs.drain(FINAL_WRITES_MS),
    services.threadPurge.close(),
    services.consumers.stop(),
    services.titles.close(FINAL_WRITES_MS),
  ]);
  models.close();
  await incarnation.release(FINAL_WRITES_MS);
  store.close();
}
