/** The services of a process, built in order from their parts; each knows only what it is given. */
import { AccessChanges } from "@/lib/auth/access_changes.ts";
import { AccessWatch } from "@/lib/auth/access_watch.ts";
import { endedKeys } from "@/lib/auth/api_key_check.ts";
import { ensureSettingKey } from "@/lib/auth/api_key_setting.ts";
import { ApiKeyLookup } from "@/lib/auth/api_key_lookup.ts";
import { ApiKeyStore } from "@/lib/auth/api_key_store.ts";
import { ApiKeys } from "@/lib/auth/api_keys.ts";
import { Standings } from "@/lib/auth/standings.ts";
import {
  buildPersonalData,
  type PersonalData,
} from "@/lib/personal_data/build_personal_data.ts";
import { buildOidc } from "@/lib/auth/oidc/build_oidc.ts";
import type { OidcSignIn } from "@/lib/auth/oidc/oidc_sign_in.ts";
import { buildIdentity, type Identity } from "@/lib/auth/build_identity.ts";
import type { PasswordCost } from "@/lib/auth/passwords.ts";
import { Secrets } from "@/lib/secrets/secrets.ts";
import { ServerSettings } from "@/lib/settings/server_settings.ts";
import { AuditLog } from "@/lib/audit/audit_log.ts";
import { AuditSealer } from "@/lib/audit/audit_sealer.ts";
import type { Answers } from "@/lib/cache/answers.ts";
import { buildAnswers } from "@/lib/cache/build_answers.ts";
import {
  type Background,
  buildBackground,
  startBackground,
} from "@/lib/background.ts";
import { Chat } from "@/lib/chat/chat.ts";
import { RunBudgets } from "@/lib/chat/run_budget.ts";
import { Recovery } from "@/lib/chat/recovery.ts";
import { RunClaimStore } from "@/lib/chat/run_claim_store.ts";
import { LooseRunStore } from "@/lib/chat/loose_run_store.ts";
import { RunFollow } from "@/lib/chat/run_follow.ts";
import { RunRetentionStore } from "@/lib/chat/run_retention_store.ts";
import { Sweeper } from "@/lib/sweeper.ts";
import { RunLimits } from "@/lib/chat/run_limits.ts";
import { RunRequests } from "@/lib/chat/run_requests.ts";
import { RunStarts } from "@/lib/chat/run_starts.ts";
import { buildKnowledge } from "@/lib/documents/build_knowledge.ts";
import type { DocumentKnowledge } from "@/lib/documents/knowledge.ts";
import { loadLiveRows } from "@/lib/chat/live_row_store.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import { ProjectStore } from "@/lib/chat/project_store.ts";
import { Projects } from "@/lib/chat/projects.ts";
import { Runs } from "@/lib/chat/runs.ts";
import { RunStore } from "@/lib/chat/run_store.ts";
import { ChangeReader } from "@/lib/chat/search/changes.ts";
import { IndexCache } from "@/lib/chat/search/index_cache.ts";
import { IndexStore } from "@/lib/chat/search/index_store.ts";
import { SearchIndexer } from "@/lib/chat/search/indexer.ts";
import { ScanStore } from "@/lib/chat/search/scan_store.ts";
import { Search } from "@/lib/chat/search/search.ts";
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
import { TemporaryStore } from "@/lib/chat/thread_temporary_store.ts";
import { Threads } from "@/lib/chat/threads.ts";
import { TitleStore } from "@/lib/chat/title_store.ts";
import { Titles } from "@/lib/chat/titles.ts";
import { type Config, storeError } from "@/lib/config.ts";
import { Gateway } from "@/lib/gateway/gateway.ts";
import { KeptHits } from "@/lib/gateway/kept_hits.ts";
import { PlainCalls } from "@/lib/gateway/plain/plain_calls.ts";
import { ResponseStore } from "@/lib/gateway/responses/response_store.ts";
import { Responses } from "@/lib/gateway/responses/responses.ts";
import { ChatRunStore } from "@/lib/gateway/ui_message/chat_run_store.ts";
import { UiChats } from "@/lib/gateway/ui_message/ui_chats.ts";
import { Admission, RESERVED_DESCRIPTORS } from "@/lib/http/admission.ts";
import { Identification } from "@/lib/http/identify.ts";
import { hasFreeDescriptors, heapRatio } from "@/lib/http/process_limits.ts";
import {
  type TrustedProxies,
  trustedProxies,
} from "@/lib/http/trusted_proxies.ts";
import { Consumers } from "@/lib/events/consumers.ts";
import { LiveNow } from "@/lib/events/live_now.ts";
import { LiveFeed } from "@/lib/events/live_feed.ts";
import { OutboxTrim } from "@/lib/events/trim.ts";
import { sweepOpenBlobs } from "@/lib/kv/blob_sweep.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import { Inbox } from "@/lib/kv/inbox.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { Reaper } from "@/lib/kv/reaper.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { LocalPorts } from "@/lib/llm/discovery.ts";
import {
  buildCatalog,
  type CatalogServices,
} from "@/lib/llm/catalog/build_catalog.ts";
import { LocalProviders } from "@/lib/llm/local_providers.ts";
import { ModelAccess } from "@/lib/model_access/model_access.ts";
import { ModelAccessStore } from "@/lib/model_access/model_access_store.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import type { Provider } from "@/lib/llm/types.ts";
import { LimitSettings } from "@/lib/limits/limit_settings.ts";
import { Limits } from "@/lib/limits/limits.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import { BudgetSettings } from "@/lib/limits/budget_settings.ts";
import { Budgets } from "@/lib/limits/budgets.ts";
import { SettingsBell } from "@/lib/kv/settings_bell.ts";
import { PriceSettings } from "@/lib/limits/price_settings.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { buildAudience } from "@/lib/auth/mail_audience.ts";
import { buildMailer } from "@/lib/mail/build_mailer.ts";
import { MailConsumer } from "@/lib/mail/mail_consumer.ts";
import type { MailStore } from "@/lib/mail/mail_store.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import { buildHealth, type HealthServices } from "@/lib/health/build_health.ts";
import { HealthStore } from "@/lib/health/health_store.ts";
import { HealthMeters } from "@/lib/health/health_meters.ts";
import { addOwnGauges } from "@/lib/health/own_gauges.ts";
import { Health } from "@/lib/observe/health.ts";
import { consoleLogger, type Logger } from "@/lib/observe/log.ts";
import { LoopLag } from "@/lib/observe/loop_lag.ts";
import { Metrics } from "@/lib/observe/metrics.ts";
import { Observer } from "@/lib/observe/observer.ts";
import { RequestLog } from "@/lib/observe/request_log.ts";
import { RequestLogStore } from "@/lib/observe/request_log_store.ts";
import { RequestSearchStore } from "@/lib/observe/request_search_store.ts";
import { LiveMetrics } from "@/lib/observe/live_metrics.ts";
import { measureServices } from "@/lib/observe/service_metrics.ts";
import { timedKv } from "@/lib/observe/timed_kv.ts";
import { Tracing } from "@/lib/observe/tracing.ts";
import { Hub } from "@/lib/streams/hub.ts";
import { Mirrors } from "@/lib/streams/mirror.ts";
import {
  Ledger,
  writeLedgerRow,
  writeRunlessRow,
} from "@/lib/usage/ledger_store.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { buildUsage, type UsageServices } from "@/lib/usage/build_usage.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A writer with so much before it leaves out what need not be written. */
const BUSY_LANE_BYTES = 4 * 1024 * 1024;

/** How long the store may be silent before the log says so, in milliseconds. */
const TELL_HALT_AFTER_MS = 1_000;

/** Everything a route may call. */
export type Services = BaseServices & Background;

/** What works for the requests. */
export interface BaseServices extends Identity, HealthServices {
  config: Config;
  log: Logger;
  store: Store;
  owner: Owner;
  doorbells: Doorbells;
  /** Looks after other processes of the store. */
  reaper: Reaper;
  /** Tells who makes a request. */
  identification: Identification;
  /** Whose word about the client of a request counts. */
  proxies: TrustedProxies;
  recovery: Recovery;
  hub: Hub;
  models: ModelRegistry;
  /** Providers and routes, changed while the server runs. */
  catalog: CatalogServices;
  /** Who may ask which model. */
  modelAccess: ModelAccess;
  localProviders: LocalProviders;
  runs: Runs;
  threads: Threads;
  threadEdits: ThreadEdits;
  threadPurge: ThreadPurge;
  /** Removes parts of texts that a dead process had not finished. */
  openBlobs: Sweeper;
  /** Removes what is kept of ended runs no longer. */
  oldRuns: Sweeper;
  chat: Chat;
  /** Runs of programs. */
  gateway: Gateway;
  /** What programs ask that is no chat. */
  plainCalls: PlainCalls;
  uiChats: UiChats;
  responses: Responses;
  /** Kept answers, and calls that several runs share. */
  answers: Answers;
  prices: PriceList;
  priceSettings: PriceSettings;
  budgets: Budgets;
  budgetSettings: BudgetSettings;
  /** Tells of prices, budgets, providers and more that other processes have set. */
  settingsBell: SettingsBell;
  /** Settings that can be set while the server runs. */
  serverSettings: ServerSettings;
  /** How much may be asked in a time, and at once. */
  limits: Limits;
  limitSettings: LimitSettings;
  ledger: Ledger;
  usage: UsageServices;
  titles: Titles;
  projects: Projects;
  /** What the documents of projects say about questions. */
  documentKnowledge: DocumentKnowledge;
  tags: Tags;
  tasks: Tasks;
  health: Health;
  metrics: Metrics;
  /** Is told of requests and runs. */
  observer: Observer;
  requestLog: RequestLog;
  /** Removes records of requests that are kept no longer. */
  oldRequests: Sweeper;
  /** Removes what is left of workspaces that were deleted. */
  deletedWorkspaces: Sweeper;
  loopLag: LoopLag;
  admission: Admission;
  consumers: Consumers;
  mailer: Mailer;
  /** What mails there are and what became of them. */
  mails: MailStore;
  auditLog: AuditLog;
  /** Removes audit events that are kept no longer. */
  oldAuditEvents: Sweeper;
  liveFeed: LiveFeed;
  /** What goes on at this moment, for those who look. */
  liveNow: LiveNow;
  search: Search;
  /** News of this process about who may be here. */
  accessChanges: AccessChanges;
  apiKeys: ApiKeys;
  /** Encrypts what is secret before it is stored. */
  secrets: Secrets;
  /** Signing in by an identity provider; null in other modes. */
  oidc: OidcSignIn | null;
  /** What people may have of what is kept of them, and how it goes. */
  personalData: PersonalData;
  /** Ends what goes on for callers whose key or session has ended. */
  accessWatch: AccessWatch;
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
  /** How much work the hash of a password is; as much as is safe unless told. */
  passwordCost?: PasswordCost;
  /** Answers in place of the built-in demo. */
  demo?: Provider;
}

/** Builds the services: store, incarnation, what dead processes left behind, models, chat. */
export async function startServices(
  config: Config,
  parts: ServiceParts = {},
): Promise<Services> {
  const log = parts.log ?? consoleLogger();
  const metrics = new Metrics();
  const opened = parts.store ?? await openConfigured(config);
  const meters = new HealthMeters(() => opened.clock.monotonic());
  const timed = timedKv(
    opened.kv,
    metrics,
    (operation, tookMs) => meters.storeCalled(operation, tookMs),
  );
  const store = { ...opened, kv: timed };
  const owner = await Owner.start(store);
  const hub = new Hub();
  const doorbells = new Doorbells(store);
  const serverSettings = new ServerSettings(store, config);
  await serverSettings.refresh();
  const prices = new PriceList(config.prices);
  const threadStore = new ThreadStore(store, () => owner.incarnation.id);
  const retention = {
    eventsMs: config.retention.runEventsMinutes * MINUTE_MS,
    recordMs: config.retention.runsDays * DAY_MS,
  };
  const runStore = new RunStore(store, owner, threadStore, retention);
  const oldRuns = new RunRetentionStore(store, owner, retention);
  const claims = new RunClaimStore(store, owner, runStore, threadStore);
  const answers = buildAnswers({
    settings: serverSettings.cache,
    store,
    owner: () => owner.incarnation.id,
    isPressed: () => {
      const { lane } = owner.incarnation;
      return lane.state !== "open" || lane.pendingBytes > BUSY_LANE_BYTES;
    },
    fanout: hub.fanout,
    prices,
    log,
  });
  const requestLogStore = new RequestLogStore(
    store,
    () => owner.incarnation.lane,
    config.retention.requestsDays * DAY_MS,
  );
  const requestLog = new RequestLog({
    store: requestLogStore,
    search: new RequestSearchStore(store),
    settings: serverSettings.requestLog,
    clock: store.clock,
  });
  const observer = new Observer({
    metrics,
    requestLog,
    tracing: await Tracing.load(),
    now: () => store.clock.now(),
    onOver: (trace) => meters.requestOver(trace),
    onRun: (facts) => meters.runEnded(facts),
  });
  const secrets = Secrets.of(config);
  const { mailer, mails } = buildMailer({ store, config, owner, secrets, log });
  const accessChanges = new AccessChanges();
  const identity = buildIdentity({
    store,
    config,
    changes: accessChanges,
    mailer,
    log,
    passwordCost: parts.passwordCost,
  });
  if (!store.readOnly) await identity.firstOwner.ensure(config.firstOwner);
  const keyStore = new ApiKeyStore(store);
  const { clock } = store;
  const keyLookup = new ApiKeyLookup({ store: keyStore, clock, log });
  const apiKeys = new ApiKeys({
    store: keyStore,
    lookup: keyLookup,
    clock,
    changes: accessChanges,
  });
  if (config.apiKey !== null && !store.readOnly) {
    await ensureSettingKey(keyStore, config.apiKey, { clock, log });
  }
  const accessWatch = new AccessWatch(
    config.auth,
    {
      key: endedKeys(keyStore, clock, (ids) => keyLookup.forget(ids)),
      session: (sessions) => identity.sessions.notOpen(sessions),
      member: (members) => identity.users.notMembers(members),
    },
    clock,
    log,
  );
  const standings = new Standings(
    (user, workspace) => identity.users.caller(user, workspace),
    clock,
  );
  // What looks again comes after what forgets.
  accessChanges.subscribe((change) => standings.changed(change));
  accessChanges.subscribe((change) => accessWatch.changed(change));
  const models = new ModelRegistry({
    providers: config.providers,
    defaultProvider: config.defaultProvider,
    routes: config.routes,
    breaker: config.breaker,
    clock: store.clock,
    demo: parts.demo,
  });
  models.routing.onBreakerChange(({ provider, model }, state) => {
    const fields = { provider, model, state };
    if (state === "open") log.warn("Model fails and is left alone", fields);
    else log.info("Model is asked again", fields);
  });
  const limitSettings = new LimitSettings(store, config.limits);
  const limits = new Limits({ store, owner, settings: limitSettings });
  const runLimits = new RunLimits(limits, {
    peek: (key) => apiKeys.policiesOf(key)?.limits,
    load: async (workspace, key) =>
      (await apiKeys.readPolicies(workspace, key)).limits,
  }, models);
  const settingsBell = new SettingsBell(store);
  // Before anything is read that it tells of: what is set from here on rings.
  await settingsBell.look();
  const budgetSettings = new BudgetSettings(store, config.budgets);
  const priceSettings = new PriceSettings(store, config.prices, prices);
  await priceSettings.refresh();
  settingsBell.listen(() => serverSettings.refresh());
  settingsBell.listen(() => budgetSettings.refresh());
  settingsBell.listen(() => priceSettings.refresh());
  const budgets = new Budgets({
    store,
    owner,
    settings: budgetSettings,
    keyBudgets: {
      peek: (key) => apiKeys.policiesOf(key)?.budget,
      load: async (workspace, key) =>
        (await apiKeys.readPolicies(workspace, key)).budget,
    },
  });
  const runBudgets = new RunBudgets(budgets, prices, store.clock, models);
  /** What a call has reserved ends with its ledger row. */
  const settle = (row: LedgerRow, reserved: BudgetReservation | undefined) => {
    const { costMicroUsd: microUsd, inputTokens, outputTokens } = row;
    const spent = { microUsd, tokens: inputTokens + outputTokens };
    return reserved?.settle(spent, owner.incarnation.id);
  };
  const runs = new Runs(
    runStore,
    hub,
    prices,
    new TemporaryStore(store, threadStore),
    {
      finalDeadlineMs: parts.finalDeadlineMs,
      answers,
      limits: runLimits,
      budgets: runBudgets,
      observer,
      access: accessWatch,
    },
  );
  const catalog = buildCatalog({ store, models, config, secrets, log });
  await catalog.catalog.refresh();
  settingsBell.listen(() => catalog.catalog.refresh());
  const modelAccess = new ModelAccess({
    store: new ModelAccessStore(store),
    models,
    roleOf: async (user, workspace) =>
      config.auth === "local"
        ? "owner"
        : (await standings.find(user, workspace))?.role ?? null,
  });
  settingsBell.listen(() => Promise.resolve(modelAccess.forget()));
  const localProviders = new LocalProviders(
    catalog.providers,
    models,
    parts.localPorts,
  );
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
  const documentKnowledge = buildKnowledge(store, log);
  const runRequests = new RunRequests(
    threadStore,
    models,
    projects,
    documentKnowledge,
    modelAccess,
  );
  const follow = new RunFollow(
    runStore,
    claims,
    runs,
    new Mirrors(store, doorbells, hub.fanout),
  );
  const recordRunless = (
    workspace: string,
    row: LedgerRow,
    reserved?: BudgetReservation,
  ) =>
    writeRunlessRow(
      owner.incarnation.lane,
      workspace,
      row,
      settle(row, reserved),
    );
  const gateway: Gateway = new Gateway({
    models,
    access: modelAccess,
    store: runStore,
    looseRuns: new LooseRunStore(store, owner, runStore, threadStore),
    runs,
    follow,
    idempotency: requests,
    keptHits: new KeptHits({
      answers,
      recordUsage: recordRunless,
      observer,
      clock: store.clock,
    }),
    stopRun: (workspace, runId) => chat.stopRun(workspace, runId),
    log,
  });
  const recovery = new Recovery({
    claims,
    threads: threadStore,
    requests: runRequests,
    looseRequests: (workspace, record) => gateway.again(workspace, record),
    runs,
    prices,
    budgets,
    observer,
    log,
  });
  const chat = new Chat({
    threads: threadStore,
    store: runStore,
    claims,
    runs,
    starts: new RunStarts(threadStore, runStore, runs, runRequests, requests),
    follow,
    recovery,
    newThreads: threads,
  });
  const stopRun = (workspace: string, runId: string) =>
    chat.stopRun(workspace, runId);
  const titles = new Titles({
    store: new TitleStore(store, threadStore),
    models,
    prices,
    settings: serverSettings.titles,
    budgets: runBudgets,
    recordUsage: (space, row, reserved) =>
      writeLedgerRow(
        owner.incarnation.lane,
        space,
        row,
        settle(row, reserved),
      ),
    log,
  });
  const auditLog = new AuditLog(store);
  const liveMetrics: LiveMetrics = new LiveMetrics(metrics, () => [
    ...consumers.lagMs,
    ["live", liveFeed.lagMs],
  ]);
  const liveNow = new LiveNow({
    store,
    owner,
    running: () => runs.running(),
    log,
  });
  const liveFeed: LiveFeed = new LiveFeed({
    now: liveNow,
    store,
    doorbells,
    loadRows: (space, threads, signal) =>
      loadLiveRows(store, space, threads, signal),
    log,
    metrics: liveMetrics,
  });
  const consumers: Consumers = new Consumers(store, log, {
    delivered: (consumer, ageMs) => liveMetrics.delivered(consumer, ageMs),
  });
  consumers.add(new OutboxTrim(store, () => consumers.names));
  const searchIndex = new IndexStore(store);
  const scan = new ScanStore(store);
  const changes = new ChangeReader(threadStore, scan);
  consumers.add(new AuditSealer(store, log));
  consumers.add(
    new MailConsumer(
      mailer,
      buildAudience({ ...identity, publicUrl: config.publicUrl }),
    ),
  );
  consumers.add(new SearchIndexer(searchIndex, changes, scan));
  const ledger = new Ledger(store);
  const health = new Health();
  const tags = new Tags(tagStore, requests);
  const tasks = new Tasks(new TaskStore(store), tagStore, requests, {
    projects,
    threads,
  });
  const base: BaseServices = {
    config,
    log,
    store,
    owner,
    doorbells,
    identification: new Identification({
      mode: config.auth,
      publicUrl: config.publicUrl,
      apiKeys,
      sessions: identity.sessions,
      standing: (user, workspace) => standings.find(user, workspace),
    }),
    proxies: trustedProxies(config.trustedProxies),
    reaper: new Reaper(store, {
      own: () => owner.incarnation.id,
      onFenced: async (dead) => {
        await Promise.all([
          recovery.takeOver(dead),
          services.jobRecovery.takeOver(dead),
        ]);
      },
      onOwning: async (own) => {
        await recovery.adopt(own);
        await services.jobRecovery.adopt(own);
      },
      onError: (error) =>
        log.warn("Looking after other processes failed", { error }),
    }),
    recovery,
    hub,
    models,
    catalog,
    modelAccess,
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
    oldRuns: new Sweeper({
      failure: "What is left of old runs could not be removed",
      everyMs: MINUTE_MS,
      sweep: (signal) => oldRuns.sweep(signal),
      log,
    }),
    openBlobs: new Sweeper({
      failure: "Blobs that nothing names could not be removed",
      everyMs: 10 * MINUTE_MS,
      sweep: (signal) => sweepOpenBlobs(store, signal),
      log,
    }),
    threadPurge: new ThreadPurge(new ThreadPurgeStore(store), stopRun, log),
    chat,
    gateway,
    plainCalls: new PlainCalls({
      models,
      access: modelAccess,
      prices,
      limits: runLimits,
      budgets: runBudgets,
      noteReserved: async (reserved) => {
        const counters = reserved.writeNote();
        if (counters.length === 0) return;
        const { lane } = owner.incarnation;
        await lane.write({ counters, urgency: "soon" });
      },
      recordUsage: recordRunless,
      observer,
      clock: store.clock,
    }),
    uiChats: new UiChats(gateway, new ChatRunStore(store), modelAccess),
    responses: new Responses(
      gateway,
      new ResponseStore(store, threadStore, retention.recordMs),
    ),
    answers,
    prices,
    priceSettings,
    budgets,
    budgetSettings,
    settingsBell,
    serverSettings,
    limits,
    limitSettings,
    ledger,
    usage: buildUsage({
      store,
      owner,
      log,
      groupsOf: (workspace, signal) =>
        groupsOfUsers(identity.users, workspace, signal),
    }),
    titles,
    projects,
    documentKnowledge,
    tags,
    tasks,
    health,
    ...buildHealth({
      store: new HealthStore(store, owner),
      meters,
      routing: models.routing,
      health,
      host: Deno.env.get("HOSTNAME") ?? "",
      log,
    }),
    metrics,
    observer,
    requestLog,
    oldRequests: new Sweeper({
      failure: "Old records of requests could not be removed",
      everyMs: 10 * MINUTE_MS,
      sweep: (signal) => requestLogStore.sweep(signal),
      log,
    }),
    deletedWorkspaces: new Sweeper({
      failure: "What is left of deleted workspaces could not be removed",
      everyMs: 10 * MINUTE_MS,
      sweep: (signal) => identity.workspacePurge.sweep(signal),
      log,
    }),
    loopLag: new LoopLag({
      metrics,
      log,
      open: () => observer.open,
      onLook: (lagMs) => meters.looked(lagMs),
    }),
    admission: new Admission({
      maxDescriptors: config.maxDescriptors,
      get maxStreams() {
        return serverSettings.admission.maxStreams;
      },
      upstreamSockets: () => models.openSockets,
      closeIdleUpstream: () => models.closeIdle(),
      hasFreeDescriptors: () => hasFreeDescriptors(config.storePath),
      heapRatio,
    }),
    consumers,
    mailer,
    mails,
    auditLog,
    oldAuditEvents: new Sweeper({
      failure: "Old audit events could not be removed",
      everyMs: 60 * MINUTE_MS,
      sweep: (signal) => auditLog.sweep(signal),
      log,
    }),
    liveFeed,
    liveNow,
    search: new Search(threadStore, new IndexCache(searchIndex)),
    accessChanges,
    ...identity,
    secrets,
    oidc: buildOidc({
      store,
      config,
      identity,
      secrets,
      clock: store.clock,
      log,
    }),
    personalData: buildPersonalData({
      store,
      mode: config.auth,
      identity,
      changes: accessChanges,
      threads: threadStore,
      projects,
      tags,
      tasks,
      ledger,
      stopRun,
      kept: answers.cache,
      log,
    }),
    apiKeys,
    accessWatch,
  };
  const services: Services = { ...base, ...buildBackground(base) };
  addOwnGauges(services.gauges, {
    ...services,
    meters,
    maxConnections: config.maxDescriptors - RESERVED_DESCRIPTORS,
    storeBytes: () => services.healthRecorder.storeBytes,
    now: () => clock.monotonic(),
  });
  services.healthFeed.rules = (signal) => services.alerts.serverRules(signal);
  measureServices(services);
  watchHealth(services);
  watchInbox(services);
  services.reaper.start();
  limits.start();
  consumers.start();
  mailer.start();
  services.threadPurge.start();
  services.oldRuns.start();
  services.openBlobs.start();
  services.oldRequests.start();
  services.deletedWorkspaces.start();
  services.personalData.eraser.start();
  services.personalData.oldThreads.start();
  services.oldAuditEvents.start();
  services.loopLag.start();
  services.healthRecorder.start();
  services.usage.fold.start();
  services.liveNow.start();
  for (const sweeper of services.usage.sweepers) sweeper.start();
  settingsBell.start();
  budgets.start();
  startBackground(services);
  return services;
}

async function openConfigured(config: Config): Promise<Store> {
  try {
    return await openStore({ location: config.storePath });
  } catch (error) {
    throw storeError(config, error);
  }
}

/** Tells of the lane's state, of each incarnation in turn. */
function watchHealth({ health, owner, admission, log }: Services): void {
  health.add("admission", () => admission.reason);
  let trouble = "";
  health.add("storage", () => {
    const { state } = owner.incarnation.lane;
    if (state === "open") return null;
    return `the writer is ${state}${state === "halted" ? trouble : ""}`;
  });
  const watch = ({ lane }: Incarnation) => {
    let late: ReturnType<typeof setTimeout> | undefined;
    let isTold = false;
    lane.subscribe((event) => {
      clearTimeout(late);
      if (event.type === "halted") {
        const { reason } = event;
        trouble = `: ${reason instanceof Error ? reason.message : reason}`;
        // A lock that another process holds for a moment is no news.
        late = setTimeout(() => {
          isTold = true;
          log.error("Store does not answer", { error: event.reason });
        }, TELL_HALT_AFTER_MS);
      } else if (event.type === "resumed" && isTold) {
        isTold = false;
        log.info("Store answers again");
      } else if (event.type === "fenced") {
        log.error("Another process has taken over; beginning anew");
      }
    });
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
}

/** Does what other processes ask of this one's runs and jobs. */
function watchInbox(
  { doorbells, jobWorker, owner, runs, store }: Services,
): void {
  let inbox: Inbox | null = null;
  const watch = (incarnation: Incarnation) => {
    inbox?.stop();
    inbox = new Inbox(store, doorbells, incarnation, {
      handle: ({ kind, id }) => {
        if (kind === "job") void jobWorker.heed(id);
        else if (kind === "stop") runs.tell(id, "cancelled");
        else runs.followed(id);
      },
      isWanted: () => runs.executing > 0 || jobWorker.running > 0,
    });
    inbox.start();
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
  owner.onRelease(() => inbox?.stop());
}

/** Largest page of people. */
const PEOPLE_PER_READ = 200;

/** The groups that each of a workspace's people is in. */
async function groupsOfUsers(
  users: Identity["users"],
  workspace: string,
  signal: AbortSignal,
): Promise<(user: string) => readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  let cursor: string | null = null;
  do {
    signal.throwIfAborted();
    const page: Awaited<ReturnType<typeof users.list>> = await users
      .list(workspace, { limit: PEOPLE_PER_READ, cursor });
    for (const { id, groups: own } of page.items) groups.set(id, own);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return (user) => groups.get(user) ?? [];
}
