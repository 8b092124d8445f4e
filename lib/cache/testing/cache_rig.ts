import { type CacheSettings, DEFAULT_CACHE } from "@/lib/config/cache.ts";
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { Fanout } from "@/lib/streams/fanout.ts";
import type { Answers, Ask, OpenedAnswer } from "../answers.ts";
import { buildAnswers } from "../build_answers.ts";
import { FakeUpstream, readAll, textOf } from "./deltas.ts";

/** Micro-dollars for a million tokens of `SERVED`: 1 in, 1 of that cached, 3 out. */
const PRICES = new PriceList([{
  model: "a/m1",
  from: "2025-01-01",
  inputPerMillionUsd: "1.00",
  outputPerMillionUsd: "3.00",
}]);

/** The cache of one process, over a store that others may share. */
export class CacheRig {
  readonly answers: Answers;
  readonly upstream = new FakeUpstream();
  readonly warnings: unknown[] = [];
  isPressed = false;

  constructor(test: TestStore, settings: Partial<CacheSettings> = {}) {
    this.answers = buildAnswers({
      settings: { ...DEFAULT_CACHE, policy: "all", ...settings },
      store: test.store,
      owner: () => "inc_1",
      isPressed: () => this.isPressed,
      fanout: new Fanout(),
      prices: PRICES,
      log: { warn: (_message, fields) => void this.warnings.push(fields) },
    });
  }

  ask(change: Partial<Ask> = {}): Ask {
    return {
      subject: { workspace: "wsp_1", user: null, key: null },
      target: "a/m1",
      form: "chunks",
      body: { messages: [{ role: "user", content: "Hi" }] },
      wish: "use",
      signal: new AbortController().signal,
      open: this.upstream.open,
      ...change,
    };
  }

  /** Asks and reads to the end; the store has by then what it is to have. */
  async answer(
    change: Partial<Ask> = {},
  ): Promise<{ cache: OpenedAnswer["cache"]; text: string }> {
    const opened = await this.answers.open(this.ask(change));
    const text = textOf(await readAll(opened.deltas));
    await this.answers.cache.idle();
    return { cache: opened.cache, text };
  }
}

/** A store for a test of the cache. */
export const openCacheStore = openTestStore;
