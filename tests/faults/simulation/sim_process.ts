/** A process of a simulated world: the services of the program over its own way to the store. */
import { Chat } from "@/lib/chat/chat.ts";
import { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import { Recovery } from "@/lib/chat/recovery.ts";
import { RunClaimStore } from "@/lib/chat/run_claim_store.ts";
import { RunFollow } from "@/lib/chat/run_follow.ts";
import { RunRequests } from "@/lib/chat/run_requests.ts";
import { RunStarts } from "@/lib/chat/run_starts.ts";
import { RunStore } from "@/lib/chat/run_store.ts";
import { Runs } from "@/lib/chat/runs.ts";
import { ThreadStore } from "@/lib/chat/thread_store.ts";
import { Doorbells } from "@/lib/kv/doorbell.ts";
import { Inbox } from "@/lib/kv/inbox.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { Reaper } from "@/lib/kv/reaper.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Provider } from "@/lib/llm/types.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Hub } from "@/lib/streams/hub.ts";
import { Mirrors } from "@/lib/streams/mirror.ts";

/** How long the parts of a stop may take, in milliseconds, as in the program. */
const FINAL_WRITES_MS = 2_000;

/** What a process of the world is given. */
export interface SimProcessOptions {
  store: Store;
  provider: Provider;
}

export interface SimProcess {
  chat: Chat;
  /** Goes down as a process does that is asked to. */
  drain(): Promise<void>;
}

/** Begins a process. @throws {StorageError} when the store does not let it */
export async function startSimProcess(
  { store, provider }: SimProcessOptions,
): Promise<SimProcess> {
  const log = silentLogger();
  const owner = await Owner.start(store);
  const hub = new Hub(store.clock.after);
  const doorbells = new Doorbells(store);
  const prices = new PriceList([]);
  const threads = new ThreadStore(store, () => owner.incarnation.id);
  const runStore = new RunStore(store, owner, threads, {
    eventsMs: 3_600_000,
    recordMs: 24 * 3_600_000,
  });
  const claims = new RunClaimStore(store, owner, runStore, threads);
  const runs = new Runs(runStore, hub, prices, { refresh: async () => {} });
  const requests = new RunRequests(
    threads,
    {
      find: (id) => Promise.resolve({ provider, model: id, id }),
      defaultModel: () => Promise.resolve("model"),
    },
    { find: () => Promise.resolve(null) },
  );
  const recovery = new Recovery({
    claims,
    threads,
    requests,
    looseRequests: () => Promise.resolve(null),
    runs,
    prices,
    log,
  });
  const starts = new RunStarts(
    threads,
    runStore,
    runs,
    requests,
    new IdempotencyStore(store),
  );
  const mirrors = new Mirrors(store, doorbells, hub.fanout);
  const chat = new Chat({
    threads,
    store: runStore,
    claims,
    runs,
    starts,
    follow: new RunFollow(runStore, claims, runs, mirrors),
    recovery,
    newThreads: { create: () => Promise.reject(new Error("Not asked here")) },
  });
  watchInbox(store, doorbells, owner, runs);
  const reaper = new Reaper(store, {
    own: () => owner.incarnation.id,
    onFenced: (dead) => recovery.takeOver(dead),
    onOwning: (own) => recovery.adopt(own),
    onError: () => {},
  });
  reaper.start();
  return {
    chat,
    async drain() {
      recovery.stop();
      runs.takeNoMore();
      await Promise.all([runs.drain(FINAL_WRITES_MS), reaper.stop()]);
      await owner.release(FINAL_WRITES_MS);
    },
  };
}

function watchInbox(
  store: Store,
  doorbells: Doorbells,
  owner: Owner,
  runs: Runs,
): void {
  let inbox: Inbox | null = null;
  const watch = (incarnation: Incarnation) => {
    inbox?.stop();
    inbox = new Inbox(store, doorbells, incarnation, {
      handle: ({ kind, id }) =>
        kind === "stop" ? runs.tell(id, "cancelled") : runs.followed(id),
      isWanted: () => runs.executing > 0,
    });
    inbox.start();
  };
  watch(owner.incarnation);
  owner.subscribe(watch);
  owner.onRelease(() => inbox?.stop());
}
