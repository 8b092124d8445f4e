/**
 * The providers that are asked now. They change while answers run: what is there when an answer begins
 * serves it to its end.
 */
import type { Clock } from "@/lib/clock.ts";
import type { ProviderSettings } from "@/lib/config.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import type { ProviderState } from "@/lib/shared/wire.ts";
import { ModelList } from "./model_list.ts";
import { ConnectionSlots } from "./routing/connection_slots.ts";
import type { Upstream } from "./routing/target.ts";

/** A provider with what decides whether it is asked. */
export interface LiveProvider {
  settings: ProviderSettings;
  state: ProviderState;
  /** Addresses that a connection may not lead to; every one may unless told. */
  refusesAddress?: (address: string) => boolean;
}

/** A provider that is there. */
export interface ProviderEntry {
  readonly upstream: Upstream;
  readonly list: ModelList;
  readonly client: OpenAIProvider;
  state: ProviderState;
}

interface Held extends ProviderEntry {
  /** Its settings as they were told, to see whether others are. */
  readonly told: string;
}

export interface LiveProvidersParts {
  clock: Clock;
  timeoutsMs?: Partial<TimeoutsMs>;
  /** Ends what is asked for lists. */
  closing: AbortSignal;
  /** Milliseconds that never go back; for the age of lists. */
  now: () => number;
  /** Told of an entry that takes no new requests any more, since another takes its place or none does. */
  onGone: (upstream: Upstream) => void;
}

export class LiveProviders {
  readonly #parts: LiveProvidersParts;
  #entries = new Map<string, Held>();
  /** Gone, with answers under way. */
  readonly #retired = new Set<Held>();

  constructor(parts: LiveProvidersParts) {
    this.#parts = parts;
  }

  /** Providers that are there, whether they are asked or not. */
  get size(): number {
    return this.#entries.size;
  }

  /** @returns undefined: there is none of this id */
  find(id: string): ProviderEntry | undefined {
    return this.#entries.get(id);
  }

  /** A provider that takes new requests. */
  asked(id: string): ProviderEntry | undefined {
    const entry = this.#entries.get(id);
    return entry?.state === "active" ? entry : undefined;
  }

  /** Those that take new requests, in their order. */
  *allAsked(): Generator<[id: string, ProviderEntry]> {
    for (const [id, entry] of this.#entries) {
      if (entry.state === "active") yield [id, entry];
    }
  }

  /**
   * Takes a list of providers in place of the one there was. One with the same settings keeps its
   * connections, and all that is known of it.
   */
  hold(providers: readonly LiveProvider[]): void {
    const before = this.#entries;
    this.#entries = new Map();
    for (const provider of providers) {
      const { id } = provider.settings;
      const told = JSON.stringify(provider.settings);
      const there = before.get(id);
      const kept = there?.told === told ? there : this.#open(provider, told);
      if (kept === there) before.delete(id);
      kept.state = provider.state;
      this.#entries.set(id, kept);
    }
    for (const entry of before.values()) this.#retire(entry);
  }

  /** Adds a provider, or puts it in the place of the one of the same id. */
  add(provider: LiveProvider): void {
    const { id } = provider.settings;
    const there = this.#entries.get(id);
    const told = JSON.stringify(provider.settings);
    this.#entries.set(id, this.#open(provider, told));
    if (there !== undefined) this.#retire(there);
  }

  remove(id: string): void {
    const there = this.#entries.get(id);
    this.#entries.delete(id);
    if (there !== undefined) this.#retire(there);
  }

  /** Sockets that are open, the idle ones included, also those of providers that are gone. */
  get openSockets(): number {
    let sum = 0;
    for (const { client } of this.#entries.values()) sum += client.openSockets;
    for (const { client } of this.#retired) sum += client.openSockets;
    return sum;
  }

  closeIdle(): void {
    for (const { client } of this.#entries.values()) client.closeIdle();
    this.#forgetRetired();
  }

  /** Closes all sockets; what still runs breaks. */
  close(): void {
    for (const { client } of this.#entries.values()) client.close();
    for (const { client } of this.#retired) client.close();
    this.#retired.clear();
  }

  #open({ settings, state, refusesAddress }: LiveProvider, told: string): Held {
    const { clock, timeoutsMs, closing, now } = this.#parts;
    const client = new OpenAIProvider({
      ...settings,
      timeoutsMs,
      refusesAddress,
    });
    const configured = settings.models === "discover" ? null : settings.models;
    return {
      upstream: upstreamOf(client, settings.maxConnections, clock),
      list: new ModelList(client, configured, closing, now),
      client,
      state,
      told,
    };
  }

  /** Its answers end in their own time; a connection closes with the answer that uses it. */
  #retire(entry: Held): void {
    this.#forgetRetired();
    this.#parts.onGone(entry.upstream);
    entry.client.retire();
    this.#retired.add(entry);
  }

  #forgetRetired(): void {
    for (const entry of this.#retired) {
      const { slots } = entry.upstream;
      if (slots.inUse === 0 && slots.waiting === 0) {
        entry.client.close();
        this.#retired.delete(entry);
      }
    }
  }
}

/** A provider as routes see it. */
export function upstreamOf(
  provider: Pick<Upstream, "id" | "stream">,
  maxConnections: number,
  clock: Clock,
): Upstream {
  return {
    id: provider.id,
    slots: new ConnectionSlots(provider.id, maxConnections, clock),
    stream: (request, signal, options) =>
      provider.stream(request, signal, options),
  };
}
