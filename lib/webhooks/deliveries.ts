/** Makes deliveries: for events that happen, for replays, and again on demand. */
import type { LogItem } from "@/lib/events/event_log.ts";
import { eventData } from "@/lib/events/event_view.ts";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type {
  DeliveryStore,
  LoadedDelivery,
  NewDelivery,
} from "./delivery_store.ts";
import {
  type DeliveryRecord,
  messageId,
  type MessageRecord,
} from "./webhook_record.ts";
import type { IndexedWebhook } from "./webhook_store.ts";

/** Input of `webhook.deliver`. */
export interface DeliverInput {
  webhook: string;
  /** `webhook-id` of the event. */
  message: string;
  /** For people. */
  type: string;
}

/** Input of `webhook.fanout`: the webhooks behind one that want an event, too. */
export interface FanoutInput {
  /** Where the event happened. */
  space: string;
  /** Id of the event. */
  event: string;
  /** `whk_` id. */
  after: string;
}

/** Input of `webhook.replay`: the events from a place on that a webhook wants. */
export interface ReplayInput {
  webhook: string;
  /** Id of the first event. */
  from: string;
  /** Events until then, milliseconds since 1970 UTC: those that follow come by themselves. */
  until: number;
  /** How many more there may be. */
  most: number;
}

type Unit = ReturnType<DeliveryStore["newUnit"]>;

export class Deliveries {
  readonly #store: DeliveryStore;
  readonly #jobs: Pick<Jobs, "prepare">;
  /** Generation of the store, which names its events. */
  readonly generation: string;

  constructor(
    store: DeliveryStore,
    jobs: Pick<Jobs, "prepare">,
    generation: string,
  ) {
    this.#store = store;
    this.#jobs = jobs;
    this.generation = generation;
  }

  /**
   * Adds deliveries of one event to webhooks that want it, to a unit that has a guard of its own.
   * @param before what the same delivery was until now
   */
  add(
    unit: Unit,
    webhooks: readonly Pick<IndexedWebhook, "id" | "space">[],
    item: LogItem,
    before?: DeliveryRecord,
  ): Unit {
    return this.#store.add(
      unit,
      webhooks.map(({ id, space }) => ({
        ...this.#newDelivery(id, space, item),
        before,
      })),
    );
  }

  /** Adds a job that makes the deliveries for the webhooks that are left. */
  addRest(unit: Unit, input: FanoutInput): Unit {
    const job = this.#jobs.prepare(workspaceOf(input.space), {
      kind: "webhook.fanout",
      input,
    });
    return this.#store.addJob(unit, job);
  }

  /** A job that tells a webhook of events that are over. */
  replayJob(space: string, input: ReplayInput): JobRecord {
    return this.#jobs.prepare(space, { kind: "webhook.replay", input });
  }

  addReplay(unit: Unit, space: string, input: ReplayInput): Unit {
    return this.#store.addJob(unit, this.replayJob(space, input));
  }

  /** Sends a delivery once more, by a new job. False: it has changed meanwhile. */
  again(loaded: LoadedDelivery): Promise<boolean> {
    const { webhook, event, type } = loaded.record;
    const job = this.#deliverJob(loaded.space, {
      webhook,
      message: messageId(event),
      type,
    });
    return this.#store.again(loaded, job);
  }

  #newDelivery(
    webhook: string,
    space: string,
    { space: happenedIn, place, event }: LogItem,
  ): NewDelivery {
    const { type, at } = event;
    const message: MessageRecord = {
      v: 1,
      event: place,
      type,
      at,
      data: eventData(happenedIn, event, happenedIn === space),
      keptAt: this.#store.clock.now(),
    };
    const input = { webhook, message: messageId(place), type };
    return { job: this.#deliverJob(space, input), webhook, message };
  }

  #deliverJob(space: string, input: DeliverInput): JobRecord {
    const isTest = input.type === "webhook.test";
    return this.#jobs.prepare(space, {
      kind: "webhook.deliver",
      input,
      ...(isTest ? { priority: "interactive" } : {}),
      correlationId: input.message,
    });
  }
}
