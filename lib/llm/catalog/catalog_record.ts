/** What was set of providers and routes while the server ran, as the store has it. */
import type { RouteSettings } from "@/lib/config/routes.ts";
import type { Versioned } from "@/lib/kv/store.ts";
import type { ProviderState } from "@/lib/shared/wire.ts";

/** A provider that was added. */
export interface AddedProvider {
  readonly id: string;
  readonly baseUrl: string;
  /** As lib/secrets seals it; null: it wants none. */
  readonly sealedKey: string | null;
  /** Last characters of the key, where it is long enough to show them. */
  readonly keyEnd: string | null;
  readonly models: string[] | "discover";
  readonly maxConnections: number;
  readonly state: ProviderState;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Whether a provider of the settings is asked. */
export interface ProviderStateRow {
  readonly id: string;
  readonly state: ProviderState;
  readonly version: number;
  readonly updatedAtMs: number;
}

/** A route that was added. */
export interface AddedRoute {
  readonly settings: RouteSettings;
  readonly isDisabled: boolean;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Whether a route of the settings may be used. */
export interface RouteStateRow {
  readonly id: string;
  readonly isDisabled: boolean;
  readonly version: number;
  readonly updatedAtMs: number;
}

/** In the order in which they were added. */
export interface CatalogRecord extends Versioned {
  readonly v: 1;
  readonly providers: readonly AddedProvider[];
  /** Of providers of the settings; those that are not here are asked. */
  readonly providerStates: readonly ProviderStateRow[];
  readonly routes: readonly AddedRoute[];
  readonly routeStates: readonly RouteStateRow[];
  readonly token?: string;
}

export const EMPTY_CATALOG: CatalogRecord = {
  v: 1,
  providers: [],
  providerStates: [],
  routes: [],
  routeStates: [],
};

/** The list with this entry in the place of the one of its id, or at its end. */
export function withEntry<T>(
  entries: readonly T[],
  entry: T,
  idOf: (entry: T) => string,
): T[] {
  const id = idOf(entry);
  return entries.some((each) => idOf(each) === id)
    ? entries.map((each) => idOf(each) === id ? entry : each)
    : [...entries, entry];
}
