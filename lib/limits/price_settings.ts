/** Prices with their history: those of the config file, and those that were set while the server ran. */
import type { WorkspaceCaller } from "@/lib/audit/audit_event.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { PriceSettings as PriceEntry } from "@/lib/config/file.ts";
import { AppError } from "@/lib/errors.ts";
import { priceSettingsKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import { saveContended } from "@/lib/kv/save_contended.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import { tellListChanges } from "./list_changes.ts";
import { ringSettingsBell } from "@/lib/kv/settings_bell.ts";

interface PricesRecord extends Versioned {
  readonly v: 1;
  readonly version: number;
  readonly prices: readonly PriceEntry[];
  readonly token?: string;
}

/** Who has set a price. */
export type PriceSource = "config" | "edited";

/** A price and who has set it. */
export type SourcedPrice = PriceEntry & { source: PriceSource };

/** All prices, by model and then by date. */
export interface AllPrices {
  /** Of what was set while the server ran; 0: nothing was. */
  version: number;
  prices: SourcedPrice[];
}

/** Records of the store hold 64 KiB; the rest is room for its own fields. */
const MAX_BYTES = 60_000;

const placeOf = ({ model, from }: PriceEntry) => `${from} ${model}`;

export class PriceSettings {
  readonly #store: Store;
  readonly #configured: readonly PriceEntry[];
  readonly #list: PriceList;

  /** @param list gets the prices that hold */
  constructor(
    store: Store,
    configured: readonly PriceEntry[],
    list: PriceList,
  ) {
    this.#store = store;
    this.#configured = configured;
    this.#list = list;
  }

  /** Reads what was set; from then on it holds in this process. */
  async refresh(): Promise<void> {
    this.#hold((await this.#read()).value?.prices ?? []);
  }

  /** All prices there are. One that was set takes the place of a configured one from the same day. */
  async all(): Promise<AllPrices> {
    const { value } = await this.#read();
    return {
      version: value?.version ?? 0,
      prices: this.#merge(value?.prices ?? []),
    };
  }

  /**
   * Sets all prices anew that are not the config file's.
   * @param accept throws when the version that is there must not be changed
   * @throws {AppError} what `accept` throws; 413 `too_many_prices`; 409 `conflict` when others set them
   *   all the time
   */
  async set(
    caller: WorkspaceCaller,
    prices: readonly PriceEntry[],
    accept: (version: number) => void,
  ): Promise<AllPrices> {
    if (JSON.stringify(prices).length > MAX_BYTES) {
      throw new AppError({
        status: 413,
        code: "too_many_prices",
        message: "These are more prices than can be kept.",
      });
    }
    const busy = "Somebody else sets prices at the moment.";
    const version = await saveContended(this.#store, busy, async () => {
      const there = await this.#read();
      const version = there.value?.version ?? 0;
      accept(version);
      const next: PricesRecord = { v: 1, version: version + 1, prices };
      const unit = ringSettingsBell(
        new UnitOfWork().guard(priceSettingsKey(), there.versionstamp, next),
      );
      tellListChanges(unit, FIRST_WORKSPACE, caller, {
        type: "price.changed",
        before: there.value?.prices ?? [],
        after: prices,
        identify: ({ model, from }) => ({ subject: model, from }),
      });
      return { unit, saved: next.version };
    });
    this.#hold(prices);
    return { version, prices: this.#merge(prices) };
  }

  async #read() {
    return await get<PricesRecord>(this.#store, priceSettingsKey());
  }

  #hold(edited: readonly PriceEntry[]): void {
    this.#list.replace(this.#merge(edited));
  }

  #merge(edited: readonly PriceEntry[]): SourcedPrice[] {
    const own = new Set(edited.map(placeOf));
    const configured = this.#configured
      .filter((entry) => !own.has(placeOf(entry)));
    const all: SourcedPrice[] = [
      ...configured.map((entry) => ({ ...entry, source: "config" as const })),
      ...edited.map((entry) => ({ ...entry, source: "edited" as const })),
    ];
    const order = (entry: PriceEntry) => `${entry.model}\0${entry.from}`;
    return all.sort((left, right) => order(left) < order(right) ? -1 : 1);
  }
}
