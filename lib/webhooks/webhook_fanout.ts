/** The deliveries of one event for one webhook after another. */
import type { EventLog } from "@/lib/events/event_log.ts";
import { parseEventId } from "@/lib/events/event_view.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { Deliveries, FanoutInput } from "./deliveries.ts";
import type { DeliveryStore } from "./delivery_store.ts";
import { isWantedBy } from "./wanted_events.ts";
import { DELIVERIES_PER_UNIT } from "./webhook_consumer.ts";
import type { WebhookStore } from "./webhook_store.ts";

export class WebhookFanout {
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

  /** The next deliveries, and the job for those behind them; null: the event is not there any more. */
  async next(input: FanoutInput, signal: AbortSignal) {
    const { space, event, after } = input;
    const place = parseEventId(event);
    const item = place === null ? null : await this.#log.find(space, place);
    if (item === null) return null;
    const webhooks = await this.#webhooks.index(workspaceOf(space), signal);
    const wanting = webhooks.filter((each) =>
      each.id > after && isWantedBy(each, space, item.event)
    );
    const now = wanting.slice(0, DELIVERIES_PER_UNIT);
    const unit = this.#deliveries.add(this.#store.newUnit(), now, item);
    if (now.length < wanting.length) {
      const last = now[now.length - 1].id;
      this.#deliveries.addRest(unit, { ...input, after: last });
    }
    return unit;
  }
}
