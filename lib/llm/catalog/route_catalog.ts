/** The routes: added, changed, switched off and removed while the server runs. */
import type { AuditCaller } from "@/lib/audit/audit_event.ts";
import { type RouteSettings, unknownTarget } from "@/lib/config/routes.ts";
import { AppError } from "@/lib/errors.ts";
import type { Catalog } from "./catalog.ts";
import {
  type AddedRoute,
  type CatalogRecord,
  withEntry,
} from "./catalog_record.ts";
import type { CatalogStore } from "./catalog_store.ts";
import type { AcceptVersion } from "./provider_catalog.ts";
import type { NewRoute, RoutePatch } from "./provider_input.ts";
import { noRoute, routeExists, routeReadOnly } from "./refusals.ts";

/** A route, wherever it comes from. */
export interface KnownRoute {
  settings: RouteSettings;
  source: "settings" | "page";
  isDisabled: boolean;
  /** 0: one of the settings that was never switched off. */
  version: number;
  createdAtMs: number | null;
  updatedAtMs: number | null;
}

export interface RouteCatalogParts {
  catalog: Catalog;
  store: CatalogStore;
}

export class RouteCatalog {
  readonly #parts: RouteCatalogParts;

  constructor(parts: RouteCatalogParts) {
    this.#parts = parts;
  }

  /** All routes: those of the settings, then those that were added, from the store. */
  async list(): Promise<KnownRoute[]> {
    await this.#parts.catalog.refresh();
    return this.#all(this.#parts.catalog.record);
  }

  /** @throws {AppError} 404 `not_found` */
  async get(id: string): Promise<KnownRoute> {
    const found = (await this.list()).find(({ settings }) =>
      settings.id === id
    );
    if (found === undefined) throw noRoute();
    return found;
  }

  /**
   * Adds a route; callers may use it from this moment on.
   * @throws {AppError} 400 `invalid_request` for a target that nobody serves, 409 `route_exists`, and what
   *   `CatalogStore.change` throws
   */
  async create(
    caller: AuditCaller,
    settings: NewRoute,
  ): Promise<KnownRoute> {
    return await this.#change(caller, (record, nowMs) => {
      const { id } = settings;
      const isThere = this.#parts.catalog.isConfiguredRoute(id) ||
        record.routes.some((each) => each.settings.id === id);
      if (isThere) throw routeExists(id);
      this.#checkTargets(record, settings);
      const after: AddedRoute = {
        settings,
        isDisabled: false,
        version: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      };
      return { change: "added", before: null, after };
    });
  }

  /**
   * Changes what the patch names. One of the settings can only be switched off and on.
   * @throws {AppError} 404 `not_found`, 409 `route_read_only`, 400 `invalid_request` for a target that
   *   nobody serves, and what `accept` throws
   */
  async update(
    caller: AuditCaller,
    id: string,
    patch: RoutePatch,
    accept: AcceptVersion,
  ): Promise<KnownRoute> {
    if (this.#parts.catalog.isConfiguredRoute(id)) {
      return await this.#switch(caller, id, patch, accept);
    }
    const { isDisabled, timeoutsMs, ...rest } = patch;
    return await this.#change(caller, (record, nowMs) => {
      const there = record.routes.find((each) => each.settings.id === id);
      if (there === undefined) throw noRoute();
      accept(there.version);
      const settings: RouteSettings = {
        ...there.settings,
        ...rest,
        timeoutsMs: { ...there.settings.timeoutsMs, ...timeoutsMs },
      };
      if (rest.targets !== undefined) this.#checkTargets(record, settings);
      const after: AddedRoute = {
        ...there,
        settings,
        isDisabled: isDisabled ?? there.isDisabled,
        version: there.version + 1,
        updatedAtMs: nowMs,
      };
      return { change: wordOf(there, after), before: there, after };
    });
  }

  /**
   * Removes a route that was added. Answers along it end normally.
   * @throws {AppError} 404 `not_found`, 409 `route_read_only`, what `accept` throws
   */
  async remove(
    caller: AuditCaller,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { catalog, store } = this.#parts;
    if (catalog.isConfiguredRoute(id)) throw routeReadOnly();
    const { record } = await store.change(caller, (record) => {
      const there = record.routes.find((each) => each.settings.id === id);
      if (there === undefined) throw noRoute();
      accept(there.version);
      return {
        next: {
          ...record,
          routes: record.routes.filter((each) => each !== there),
        },
        value: null,
        subject: `route:${id}`,
        change: "removed",
        before: toFact(there),
        after: null,
      };
    });
    await catalog.hold(record);
  }

  async #switch(
    caller: AuditCaller,
    id: string,
    { isDisabled, ...rest }: RoutePatch,
    accept: AcceptVersion,
  ): Promise<KnownRoute> {
    const { catalog, store } = this.#parts;
    const isMore = Object.keys(rest).length > 0;
    if (isMore || isDisabled === undefined) throw routeReadOnly();
    const { record } = await store.change(caller, (record, nowMs) => {
      const there = record.routeStates.find((each) => each.id === id);
      const version = there?.version ?? 0;
      accept(version);
      const row = { id, isDisabled, version: version + 1, updatedAtMs: nowMs };
      return {
        next: {
          ...record,
          routeStates: withEntry(record.routeStates, row, (each) => each.id),
        },
        value: null,
        subject: `route:${id}`,
        change: isDisabled ? "disabled" : "active",
        before: { isDisabled: there?.isDisabled ?? false },
        after: { isDisabled },
      };
    });
    await catalog.hold(record);
    return this.#all(record).find(({ settings }) => settings.id === id)!;
  }

  async #change(
    caller: AuditCaller,
    edit: (record: CatalogRecord, nowMs: number) => {
      change: string;
      before: AddedRoute | null;
      after: AddedRoute;
    },
  ): Promise<KnownRoute> {
    const { catalog, store } = this.#parts;
    const { record, value } = await store.change(caller, (record, nowMs) => {
      const { change, before, after } = edit(record, nowMs);
      const routes = withEntry(
        record.routes,
        after,
        (each) => each.settings.id,
      );
      return {
        next: { ...record, routes },
        value: after.settings.id,
        subject: `route:${after.settings.id}`,
        change,
        before: before === null ? null : toFact(before),
        after: toFact(after),
      };
    });
    await catalog.hold(record);
    return this.#all(record).find(({ settings }) => settings.id === value)!;
  }

  /** A model that somebody types wrongly would be found out by who asks for it. */
  #checkTargets({ providers }: CatalogRecord, settings: RouteSettings): void {
    const all = [...this.#parts.catalog.configuredProviders, ...providers];
    const wrong = unknownTarget([settings], all);
    if (wrong === null) return;
    const [place, message] = wrong.split(": ", 2);
    const path = place.replace("routes.0.", "");
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `${path}: ${message}`,
      errors: [{ path, message }],
    });
  }

  #all({ routes, routeStates }: CatalogRecord): KnownRoute[] {
    const { catalog } = this.#parts;
    const states = new Map(routeStates.map((each) => [each.id, each]));
    return [
      ...catalog.configuredRoutes.map((settings): KnownRoute => {
        const row = states.get(settings.id);
        return {
          settings,
          source: "settings",
          isDisabled: row?.isDisabled ?? false,
          version: row?.version ?? 0,
          createdAtMs: null,
          updatedAtMs: row?.updatedAtMs ?? null,
        };
      }),
      ...routes
        .filter(({ settings }) => !catalog.isConfiguredRoute(settings.id))
        .map((route): KnownRoute => ({ ...route, source: "page" })),
    ];
  }
}

function wordOf(before: AddedRoute, after: AddedRoute): string {
  if (before.isDisabled === after.isDisabled) return "changed";
  return after.isDisabled ? "disabled" : "active";
}

function toFact({ settings, isDisabled }: AddedRoute) {
  return { ...settings, isDisabled };
}
