/** Events of the log for one webhook, again. */
import type { EventLog } from "@/lib/events/event_log.ts";
import {
  eventId,
  type EventPlace,
  mayLeave,
  parseEventId,
} from "@/lib/events/event_view.ts";
import type { Deliveries, ReplayInput } from "./deliveries.ts";
import type { DeliveryStore } from "./delivery_store.ts";
import { isWantedBy } from "./wanted_events.ts";
import { DELIVERIES_PER_UNIT } from "./webhook_consumer.ts";
import type { WebhookStore } from "./webhook_store.ts";

type Unit = ReturnType<DeliveryStore["newUnit"]>;

/** What one part of a replay comes to. */
export interface ReplayPart {
  /** Events that are sent again. */
  count: number;
  isOver: boolean;
  effects: Unit;
}

export class WebhookReplay {
  readonly #webhooks: WebhookStore;
  readonly #store: DeliveryStore;
  readonly #deliveries: Deliveries;
  readonly #log: EventLog;

  constructor(
    webhooks: WebhookStore,
    store: DeliveryStore,
    deliveries: Deliveries,
    log: EventLog,
  ) {
    this.#webhooks = webhooks;
    this.#store = store;
    this.#deliveries = deliveries;
    this.#log = log;
  }

  /** The next deliveries of a replay, and the job that goes on behind them. */
  async next(
    space: string,
    input: ReplayInput,
    signal: AbortSignal,
  ): Promise<ReplayPart> {
    const unit = this.#store.newUnit();
    const loaded = await this.#webhooks.load(space, input.webhook);
    const place = parseEventId(input.from);
    if (loaded === null || loaded.record.off !== null || place === null) {
      return { count: 0, isOver: true, effects: unit };
    }
    const { items, end } = await this.#log.from(space, place, signal);
    const isOne = input.most === 1;
    const inTime = items.filter(({ event }) => event.at <= input.until)
      .slice(0, isOne ? 1 : items.length);
    const webhook = {
      id: input.webhook,
      space,
      events: loaded.record.events,
      isEnabled: true,
    };
    const wanted = inTime.filter(({ space, event }) =>
      // Who asks for one event by its name wants it, whatever the webhook is told otherwise.
      isOne ? mayLeave(event) : isWantedBy(webhook, space, event)
    );
    const now = wanted.slice(0, Math.min(DELIVERIES_PER_UNIT, input.most));
    const befores = await Promise.all(
      now.map((item) => this.#store.load(space, webhook.id, item.place)),
    );
    for (const [turn, item] of now.entries()) {
      this.#deliveries.add(unit, [webhook], item, befores[turn]?.record);
    }
    const rest = wanted.at(now.length)?.place ?? behind(end);
    const most = input.most - now.length;
    const isOver = rest === null || most <= 0 || inTime.length === 0;
    if (!isOver) {
      const from = eventId(rest);
      this.#deliveries.addReplay(unit, space, { ...input, from, most });
    }
    return { count: now.length, isOver, effects: unit };
  }
}

function behind(place: EventPlace | null): EventPlace | null {
  return place === null ? null : { ...place, index: place.index + 1 };
}
