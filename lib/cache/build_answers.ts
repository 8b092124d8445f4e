import type { CacheSettings } from "@/lib/config/cache.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Fanout } from "@/lib/streams/fanout.ts";
import { Answers } from "./answers.ts";
import { CacheStore } from "./cache_store.ts";
import { CacheCounters } from "./counters.ts";
import { Flights } from "./flights.ts";
import { MemoryCache } from "./memory_cache.ts";
import { PurgeMarks } from "./purge_marks.ts";
import { ResponseCache } from "./response_cache.ts";
import { WriteBehind } from "./write_behind.ts";

export interface AnswersOptions {
  settings: CacheSettings;
  store: Store;
  /** Incarnation of this process. */
  owner: () => string;
  /** Whether the store has more important things to do just now than to keep answers. */
  isPressed: () => boolean;
  fanout: Pick<Fanout, "wake">;
  prices: PriceList;
  log: Pick<Logger, "warn">;
}

/** Cache and flights of a process, put together. */
export function buildAnswers(
  { settings, store, owner, isPressed, fanout, prices, log }: AnswersOptions,
): Answers {
  const { clock } = store;
  const counters = new CacheCounters();
  const memory = new MemoryCache(settings.l1Bytes, clock);
  const cacheStore = new CacheStore(store, owner);
  const cache = new ResponseCache({
    settings,
    memory,
    store: cacheStore,
    marks: new PurgeMarks({
      readStamp: (workspace, signal) =>
        cacheStore.purgeStamp(workspace, signal),
      onPurged: (workspace) => memory.dropWhere(workspace),
      clock,
    }),
    writes: new WriteBehind({
      isPressed,
      clock,
      onLost: (error) => {
        counters.add("notStored");
        if (error !== null) log.warn("Answer could not be kept", { error });
      },
    }),
    counters,
    clock,
  });
  return new Answers({
    settings,
    cache,
    flights: new Flights(fanout),
    counters,
    prices,
    clock,
  });
}
