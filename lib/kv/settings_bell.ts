/**
 * Tells every process that what all of them hold in memory was set anew (prices, budgets, providers, routes,
 * who may use which model): one row changes with each such change, and each process looks at that one row.
 */
import { sleep } from "@/lib/clock.ts";
import { settingsBellKey } from "./keys.ts";
import { get } from "./reads.ts";
import type { Store } from "./store.ts";
import { newToken } from "./token.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** How often is looked, in milliseconds. */
const LOOK_MS = 400;

/** Adds the ring to the unit of a change. */
export function ringSettingsBell(unit: UnitOfWork): UnitOfWork {
  return unit.set(settingsBellKey(), { v: 1, token: newToken() });
}

export class SettingsBell {
  readonly #store: Store;
  readonly #listeners: (() => Promise<void>)[] = [];
  readonly #ended = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #heard: string | null | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Calls back after each ring; where that fails it is done again. */
  listen(listener: () => Promise<void>): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#looking = this.#look();
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#looking;
  }

  /** Looks once. The first look calls nobody: what was read before it may be old already. */
  async look(): Promise<void> {
    const { versionstamp } = await get(this.#store, settingsBellKey());
    if (versionstamp === this.#heard) return;
    if (this.#heard !== undefined) {
      for (const listener of this.#listeners) await listener();
    }
    this.#heard = versionstamp;
  }

  async #look(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      // A look that fails is made up for by the next one.
      await this.look().catch(() => {});
      await sleep(this.#store.clock, LOOK_MS, signal);
    }
  }
}
