/**
 * Turns events into deliveries: one job for each webhook that wants an event, enqueued in the same atomic
 * as the cursor behind the event, so that each is delivered by one job whatever dies when.
 */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import { eventId } from "@/lib/events/event_view.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { Deliveries } from "./deliveries.ts";
import { isForWebhooks, isWantedBy } from "./wanted_events.ts";
import type { IndexedWebhook, WebhookStore } from "./webhook_store.ts";

type Unit = Parameters<Consumer["handle"]>[1];

/** Deliveries in one atomic: each has about six rows and an event. */
export const DELIVERIES_PER_UNIT = 40;

/** Webhooks that one step of a resync looks at. */
const RESYNC_STEP = 200;

export class WebhookConsumer implements Consumer {
  readonly name = "webhooks";
  readonly #webhooks: WebhookStore;
  readonly #deliveries: Deliveries;

  constructor(webhooks: WebhookStore, deliveries: Deliveries) {
    this.#webhooks = webhooks;
    this.#deliveries = deliveries;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: Unit,
    signal: AbortSignal,
  ): Promise<number> {
    const known = new Map<string, IndexedWebhook[]>();
    let room = DELIVERIES_PER_UNIT;
    for (
      const [turn, { space, versionstamp, index, event }] of events.entries()
    ) {
      if (!isForWebhooks(event)) continue;
      const workspace = workspaceOf(space);
      let webhooks = known.get(workspace);
      if (webhooks === undefined) {
        webhooks = await this.#webhooks.index(workspace, signal);
        known.set(workspace, webhooks);
      }
      const wanting = webhooks.filter((each) => isWantedBy(each, space, event));
      if (wanting.length === 0) continue;
      if (wanting.length > room && room < DELIVERIES_PER_UNIT) return turn;
      const place = {
        generation: this.#deliveries.generation,
        versionstamp,
        index,
      };
      const now = wanting.slice(0, room);
      this.#deliveries.add(unit, now, { space, place, event });
      if (now.length < wanting.length) {
        // So many do not fit into one atomic; a job does the rest, and another one the rest of that.
        this.#deliveries.addRest(unit, {
          space,
          event: eventId(place),
          after: now[now.length - 1].id,
        });
      }
      room -= now.length;
      if (room === 0) return turn + 1;
    }
    return events.length;
  }

  /** Tells each workspace with webhooks what was lost. The first time there is nothing to tell. */
  async resync(
    place: string | null,
    unit: Unit,
    signal: AbortSignal,
    lost: Parameters<Consumer["resync"]>[3],
  ): Promise<string | null> {
    if (lost === null) return null;
    const [workspace, webhook] = place?.split(" ") ?? [];
    const rows = await this.#webhooks.indexAfter(
      place === null ? null : { workspace, webhook },
      RESYNC_STEP,
      signal,
    );
    const told = new Set(rows.map((row) => row.workspace));
    // Those that the step before has come to were told by it.
    told.delete(workspace);
    for (const each of told) {
      unit.event(each, {
        type: "events.lost",
        at: this.#webhooks.now(),
        subject: this.name,
        data: { ...lost },
      });
    }
    const last = rows.at(-1);
    return rows.length < RESYNC_STEP || last === undefined
      ? null
      : `${last.workspace} ${last.webhook}`;
  }
}
