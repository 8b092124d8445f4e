/** Minutes of usage by the lane that wrote them, beside the ledger's pages of that lane. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { Ledger } from "./ledger_store.ts";
import { Cells } from "./rollup_cell.ts";
import { packCells, unpackCells } from "./rollup_codec.ts";
import { Turns } from "./turns.ts";
import { MINUTE_MS, startOf } from "./usage_grains.ts";

/** Minutes of one lane that are not what its ledger comes to. */
export interface LaneDifference {
  incarnation: string;
  startMs: number;
  ledger: Cells;
  minutes: Cells;
  /** Rows of those minutes. */
  keys: Deno.KvKey[];
}

/** The writer of what is put in place of a lane's minutes; no fold has this name. */
const MENDED = "=";

export class UsageLanes {
  readonly #store: Store;
  readonly #ledger: Ledger;

  constructor(store: Store) {
    this.#store = store;
    this.#ledger = new Ledger(store);
  }

  /**
   * Compares the minutes of a span with the ledger, lane by lane. A lane that still writes, or of which
   * something waits to be folded, is left out: its minutes are behind, and rightly so.
   */
  async differences(
    space: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): Promise<LaneDifference[]> {
    if (fromMs >= toMs) return [];
    const found = new Map<string, LaneDifference>();
    const place = (incarnation: string, startMs: number) => {
      const name = `${incarnation} ${startMs}`;
      let there = found.get(name);
      if (there === undefined) {
        there = {
          incarnation,
          startMs,
          ledger: new Cells(),
          minutes: new Cells(),
          keys: [],
        };
        found.set(name, there);
      }
      return there;
    };
    const turns = new Turns();
    const pages = this.#ledger.pages(space, fromMs, toMs, signal);
    for await (const { atMs, incarnation, rows } of pages) {
      if (turns.isOver) await turns.others();
      const { ledger } = place(incarnation, atMs - atMs % MINUTE_MS);
      for (const row of rows) ledger.addRow(row);
    }
    const minutes = list<{ cells: Uint8Array } & Versioned>(
      this.#store,
      keys.usageMinutes(space, fromMs, toMs),
      { signal },
    );
    for await (const { key, value } of minutes) {
      if (turns.isOver) await turns.others();
      const there = place(laneOf(String(key[3])), Number(key[2]));
      for (const cell of unpackCells(value.cells)) there.minutes.addCell(cell);
      there.keys.push(key);
    }
    const settled = new Map<string, boolean>();
    const different: LaneDifference[] = [];
    for (const each of found.values()) {
      const { incarnation } = each;
      if (each.ledger.equals(each.minutes)) continue;
      let isSettled = settled.get(incarnation);
      if (isSettled === undefined) {
        isSettled = await this.#isSettled(incarnation, signal);
        settled.set(incarnation, isSettled);
      }
      if (isSettled) different.push(each);
    }
    return different;
  }

  /** Nothing more comes of the lane: it can write no more, and all that it has written is folded. */
  async #isSettled(
    incarnation: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const fence = await get(this.#store, keys.fenceKey(incarnation), {
      signal,
    });
    if (fence.versionstamp !== null) return false;
    const marks = list(this.#store, keys.unfoldedOf(incarnation), {
      limit: 1,
      signal,
    });
    return (await Array.fromAsync(marks)).length === 0;
  }

  /** Puts what the ledger comes to in place of a lane's minute. */
  async mend(
    space: string,
    { incarnation, startMs, ledger, keys: old }: LaneDifference,
    signal: AbortSignal,
  ): Promise<void> {
    const staleKey = keys.staleUsageKey(
      "quarter",
      startOf("quarter", startMs),
      space,
    );
    const stale = await get(this.#store, staleKey, { signal });
    const unit = new UnitOfWork();
    for (const key of old) unit.delete(key);
    for (const [part, cells] of packCells(ledger.values()).entries()) {
      const writer = `${incarnation}${MENDED}`;
      unit.set(keys.usageMinuteKey(space, startMs, writer, part), {
        v: 1,
        cells,
      });
    }
    unit.guard(staleKey, stale.versionstamp, { v: 1, token: newToken() });
    await commit(this.#store, unit, { signal });
  }
}

/** The lane that wrote a minute, out of the name of its writer. */
function laneOf(writer: string): string {
  return writer.split(/[.!=]/, 1)[0];
}
