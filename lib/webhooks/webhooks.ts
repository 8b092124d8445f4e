/** Webhooks as people and programs have them: made, changed, tested, told again, deleted. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { type Caller, mayActAs } from "@/lib/auth/caller.ts";
import { invalidCursor } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import type { EventLog, LogItem, LogPage } from "@/lib/events/event_log.ts";
import { eventId, parseEventId } from "@/lib/events/event_view.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import {
  checkUrlField,
  type OutgoingAllowList,
} from "@/lib/net/outgoing_rules.ts";
import type { Sealer } from "@/lib/secrets/secrets.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { userSpace, workspaceOf } from "@/lib/shared/spaces.ts";
import type { Job, Page, Webhook, WebhookDelivery } from "@/lib/shared/wire.ts";
import type { Deliveries } from "./deliveries.ts";
import type { DeliveryStore, LoadedDelivery } from "./delivery_store.ts";
import { hostOf } from "./webhook_host.ts";
import {
  MAX_REPLAYED_EVENTS,
  type NewWebhook,
  type WantedReplay,
  type WebhookPatch,
} from "./webhook_input.ts";
import {
  parseMessageId,
  toDelivery,
  toWebhook,
  type WebhookRecord,
} from "./webhook_record.ts";
import { newWebhookSecret, OLD_SECRET_MS } from "./webhook_secret.ts";
import type { LoadedWebhook, WebhookStore } from "./webhook_store.ts";

/** Whose events: the caller's own, or the workspace's. */
export type WebhookScope = Webhook["scope"];

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

export interface WebhooksParts {
  store: WebhookStore;
  deliveryStore: DeliveryStore;
  deliveries: Deliveries;
  log: EventLog;
  jobs: Pick<Jobs, "enqueue">;
  sealer: Sealer;
  allow: OutgoingAllowList;
}

/** Webhooks of one person, and of a workspace with all its people. */
const MOST_OF_ONE = 100;
const MOST_OF_WORKSPACE = 1_000;

/** Events of the log that are read at a time. */
const EVENTS_PER_READ = 200;

export class Webhooks {
  readonly #parts: WebhooksParts;

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
  }

  /** All of a scope, newest first. @throws {AppError} 403 `forbidden` for the workspace's without its admin */
  async list(caller: Caller, scope: WebhookScope): Promise<Webhook[]> {
    const space = spaceOf(caller, scope);
    const { store } = this.#parts;
    const index = await store.index(caller.workspace);
    const records = await store.loadMany(
      index.filter((each) => each.space === space),
    );
    const failing = await store.failingSince(records);
    return records.map((record, turn) =>
      this.#show(caller, record, failing[turn])
    ).reverse();
  }

  /** @throws {AppError} 404 `not_found`, also for a webhook of somebody else */
  async require(caller: Caller, id: string): Promise<Webhook> {
    const { record } = await this.#load(caller, id);
    const [failing] = await this.#parts.store.failingSince([record]);
    return this.#show(caller, record, failing);
  }

  /**
   * Makes a webhook.
   * @returns `secret` is what its requests are signed with, which nobody can see again
   * @throws {AppError} 400 `invalid_request` or `address_refused`; 403 `forbidden`; 409 `too_many_webhooks`
   */
  async create(
    caller: Caller,
    { scope, url, description, events, enabled }: NewWebhook,
  ): Promise<{ webhook: Webhook; secret: string }> {
    const { store, sealer } = this.#parts;
    const space = spaceOf(caller, scope);
    this.#checkUrl(url);
    const index = await store.index(caller.workspace);
    const own = index.filter((each) => each.space === space);
    if (own.length >= MOST_OF_ONE && scope === "own") throw tooMany();
    if (index.length >= MOST_OF_WORKSPACE) throw tooMany();
    const secret = newWebhookSecret();
    const now = new Date(store.now()).toISOString();
    const record: WebhookRecord = {
      v: 1,
      id: newId("whk"),
      space,
      url,
      description,
      events,
      secrets: [{ sealed: await sealer.seal(secret), until: null }],
      off: enabled ? null : "user",
      by: caller.user,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const isMade = await store.create(record, {
      space: caller.workspace,
      event: auditEvent("webhook.created", {
        ...by(caller),
        subject: record.id,
        details: { host: hostOf(url), scope, events },
      }),
    });
    if (!isMade) throw new Error(`Webhook "${record.id}" is there already`);
    return { webhook: this.#show(caller, record, null), secret };
  }

  /**
   * Changes what the patch names.
   * @throws {AppError} 404 `not_found`; 400 as `create` does; what `accept` throws
   */
  async update(
    caller: Caller,
    id: string,
    patch: WebhookPatch,
    accept: AcceptVersion,
  ): Promise<Webhook> {
    if (patch.url !== undefined) this.#checkUrl(patch.url);
    const { enabled, ...rest } = patch;
    return await this.#change(caller, id, accept, (record) => ({
      record: {
        ...record,
        ...rest,
        ...enabled === undefined ? {} : {
          off: enabled ? null : record.off ?? "user" as const,
        },
      },
      facts: { change: "changed", fields: Object.keys(patch) },
    }));
  }

  /**
   * Gives a webhook a new secret; for a day its requests are signed with the old one, too.
   * @returns `secret` is shown this once
   * @throws {AppError} 404 `not_found`; what `accept` throws
   */
  async rotate(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
  ): Promise<{ webhook: Webhook; secret: string }> {
    const { sealer, store } = this.#parts;
    const secret = newWebhookSecret();
    const sealed = await sealer.seal(secret);
    const until = store.now() + OLD_SECRET_MS;
    const webhook = await this.#change(caller, id, accept, (record) => ({
      record: {
        ...record,
        secrets: [
          { sealed, until: null },
          { sealed: record.secrets[0].sealed, until },
        ],
      },
      facts: { change: "new secret" },
    }));
    return { webhook, secret };
  }

  /** Deletes it at once; what is on its way is not sent any more. */
  async remove(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { store } = this.#parts;
    await retryOnConflict(async () => {
      const loaded = await this.#load(caller, id);
      accept(loaded.record.version);
      const { space, url } = loaded.record;
      const event = auditEvent("webhook.deleted", {
        ...by(caller),
        subject: id,
        details: { host: hostOf(url), scope: scopeOf(caller, space) },
      });
      const told = { space: caller.workspace, event };
      return await store.remove(loaded, told) ? null : "conflict";
    });
  }

  /** Sends it an event `webhook.test`, once. @throws {AppError} 404 `not_found`, 409 `webhook_off` */
  async test(caller: Caller, id: string): Promise<void> {
    const { store } = this.#parts;
    await retryOnConflict(async () => {
      const loaded = await this.#load(caller, id);
      assertOn(loaded.record);
      const event = {
        type: "webhook.test",
        at: store.now(),
        subject: id,
        data: { webhookId: id },
      };
      return await store.tell(loaded, event) ? null : "conflict";
    });
  }

  /** Newest events first. @throws {AppError} 404 `not_found`, 400 for a cursor that no page gave */
  async deliveries(
    caller: Caller,
    id: string,
    { cursor, limit }: PageQuery,
    signal?: AbortSignal,
  ): Promise<Page<WebhookDelivery>> {
    const { record } = await this.#load(caller, id);
    const before = cursor === null ? null : parseMessageId(cursor);
    if (cursor !== null && before === null) throw invalidCursor();
    const found = await this.#parts.deliveryStore.page(
      record.space,
      id,
      { before, limit: limit + 1 },
      signal,
    );
    const seen = await this.#parts.deliveryStore.withJobs(
      record.space,
      found.slice(0, limit),
    );
    const items = seen.map(toDelivery);
    return {
      items,
      nextCursor: found.length > limit ? items[limit - 1].id : null,
    };
  }

  /** @throws {AppError} 404 `not_found` */
  async delivery(
    caller: Caller,
    id: string,
    delivery: string,
  ): Promise<WebhookDelivery> {
    const { record } = await this.#load(caller, id);
    return toDelivery((await this.#delivery(record, delivery)).record);
  }

  /**
   * Sends a delivery again that is over, with the same `webhook-id`.
   * @throws {AppError} 404 `not_found`, 409 `webhook_off` or `delivery_running`
   */
  async resend(
    caller: Caller,
    id: string,
    delivery: string,
  ): Promise<WebhookDelivery> {
    return await retryOnConflict(async () => {
      const { record } = await this.#load(caller, id);
      assertOn(record);
      const loaded = await this.#delivery(record, delivery);
      const { state } = loaded.record;
      if (state === "waiting" || state === "sending") {
        throw new AppError({
          status: 409,
          code: "delivery_running",
          message: "The delivery is under way already.",
        });
      }
      if (!await this.#parts.deliveries.again(loaded)) return "conflict";
      return toDelivery((await this.#delivery(record, delivery)).record);
    });
  }

  /**
   * Tells a webhook the events again that it wants and that are in the log from one of them on, with the
   * `webhook-id`s that they had.
   * @throws {AppError} 404 `not_found`, 409 `webhook_off`, 400 `unknown_event` for one that is in the log
   *   no more, and for a time after which nothing happened
   */
  async replay(
    caller: Caller,
    id: string,
    { from, since, only }: WantedReplay,
  ): Promise<Job> {
    const { store, jobs } = this.#parts;
    const { record } = await this.#load(caller, id);
    assertOn(record);
    const first = since === undefined
      ? await this.#findEvent(record, from ?? "")
      : await this.#findSince(record, since);
    if (first === null) {
      throw new AppError({
        status: 400,
        code: "unknown_event",
        message: since === undefined
          ? "The event is not in the log, or not any more."
          : "Nothing has happened since then.",
        errors: [{ path: "from", message: "must be the id of an event" }],
      });
    }
    const { job } = await jobs.enqueue(record.space, {
      kind: "webhook.replay",
      input: {
        webhook: id,
        from: eventId(first.place),
        until: store.now(),
        most: only ? 1 : MAX_REPLAYED_EVENTS,
      },
    });
    return job;
  }

  #findEvent(
    { space }: WebhookRecord,
    id: string,
  ): Promise<LogItem | null> {
    const { log } = this.#parts;
    const place = parseEventId(id);
    if (place === null) return Promise.resolve(null);
    return workspaceOf(space) === space
      ? log.findInWorkspace(space, place)
      : log.find(space, place);
  }

  /** The first of the events that happened from a time on. */
  async #findSince(
    { space }: WebhookRecord,
    sinceMs: number,
  ): Promise<LogItem | null> {
    const { log } = this.#parts;
    let first: LogItem | null = null;
    let before: LogItem["place"] | null = null;
    let isOver = false;
    const wanted = ({ event }: LogItem) => {
      if (event.at < sinceMs) isOver = true;
      return !isOver;
    };
    for (let seen = 0; !isOver && seen < MAX_REPLAYED_EVENTS;) {
      const query = { before, limit: EVENTS_PER_READ, wanted };
      const page: LogPage = workspaceOf(space) === space
        ? await log.ofWorkspace(space, query)
        : await log.ofSpace(space, query);
      first = page.items.at(-1) ?? first;
      seen += page.items.length;
      before = page.next;
      if (before === null) break;
    }
    return first;
  }

  async #change(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
    change: (record: WebhookRecord) => {
      record: WebhookRecord;
      facts: { change: string; fields?: string[] };
    },
  ): Promise<Webhook> {
    const { store } = this.#parts;
    return await retryOnConflict(async () => {
      const loaded = await this.#load(caller, id);
      accept(loaded.record.version);
      const { record: changed, facts } = change(loaded.record);
      const record: WebhookRecord = {
        ...changed,
        updatedAt: new Date(store.now()).toISOString(),
        version: changed.version + 1,
      };
      const event = auditEvent("webhook.changed", {
        ...by(caller),
        subject: id,
        details: {
          host: hostOf(record.url),
          scope: scopeOf(caller, record.space),
          events: record.events,
          ...facts,
        },
      });
      const told = [{ space: caller.workspace, event }];
      if (!await store.replace(loaded, record, told)) return "conflict";
      const [failing] = await store.failingSince([record]);
      return this.#show(caller, record, failing);
    });
  }

  /** A webhook of the caller's, or of the workspace for its admins. */
  async #load(caller: Caller, id: string): Promise<LoadedWebhook> {
    const spaces = [
      userSpace(caller.workspace, caller.user),
      ...mayActAs(caller, "admin") ? [caller.workspace] : [],
    ];
    if (isId("whk", id)) {
      for (const space of spaces) {
        const loaded = await this.#parts.store.load(space, id);
        if (loaded !== null) return loaded;
      }
    }
    throw notFound("webhook");
  }

  async #delivery(
    { space, id }: WebhookRecord,
    delivery: string,
  ): Promise<LoadedDelivery> {
    const place = parseMessageId(delivery);
    const loaded = place === null
      ? null
      : await this.#parts.deliveryStore.load(space, id, place);
    if (loaded === null) throw notFound("delivery");
    const [seen] = await this.#parts.deliveryStore
      .withJobs(space, [loaded.record]);
    return { ...loaded, record: seen };
  }

  #checkUrl(url: string): void {
    checkUrlField("url", url, { allow: this.#parts.allow });
  }

  #show(
    caller: Caller,
    record: WebhookRecord,
    failingSince: number | null,
  ): Webhook {
    const isOfWorkspace = record.space === caller.workspace;
    const nowMs = this.#parts.store.now();
    return toWebhook(record, isOfWorkspace, failingSince, nowMs);
  }
}

function scopeOf({ workspace }: Caller, space: string): WebhookScope {
  return space === workspace ? "workspace" : "own";
}

function spaceOf(caller: Caller, scope: WebhookScope): string {
  if (scope === "own") return userSpace(caller.workspace, caller.user);
  if (mayActAs(caller, "admin")) return caller.workspace;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "Webhooks of the workspace take an admin.",
  });
}

function assertOn({ off }: WebhookRecord): void {
  if (off === null) return;
  throw new AppError({
    status: 409,
    code: "webhook_off",
    message: "The webhook is switched off. Switch it on first.",
  });
}

function tooMany(): AppError {
  return new AppError({
    status: 409,
    code: "too_many_webhooks",
    message:
      `There may be ${MOST_OF_ONE} webhooks of a person and ${MOST_OF_WORKSPACE} in a workspace.`,
  });
}
