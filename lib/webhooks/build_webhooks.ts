/** Builds webhooks: the service, the consumer that makes deliveries, the kinds of jobs that send them. */
import { Sweeper } from "@/lib/sweeper.ts";
import { EventLog } from "@/lib/events/event_log.ts";
import type { Consumers } from "@/lib/events/consumers.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { webhookDeliver } from "@/lib/jobs/kinds/webhook_deliver.ts";
import { webhookFanout } from "@/lib/jobs/kinds/webhook_fanout.ts";
import { webhookReplay } from "@/lib/jobs/kinds/webhook_replay.ts";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Secrets } from "@/lib/secrets/secrets.ts";
import { Deliverer, type DelivererParts } from "./deliver.ts";
import { Deliveries } from "./deliveries.ts";
import { DeliveryStore } from "./delivery_store.ts";
import { ReceiverPlaces } from "./receiver_places.ts";
import { sweepWebhooks } from "./sweep_webhooks.ts";
import { WebhookConsumer } from "./webhook_consumer.ts";
import { WebhookFanout } from "./webhook_fanout.ts";
import { WebhookReplay } from "./webhook_replay.ts";
import { WebhookStore } from "./webhook_store.ts";
import { WebhookSwitch } from "./webhook_switch.ts";
import { Webhooks } from "./webhooks.ts";

export interface WebhooksBuildParts {
  store: ConstructorParameters<typeof WebhookStore>[0];
  jobs: Jobs;
  jobStore: JobStore;
  jobKinds: JobKinds;
  consumers: Consumers;
  secrets: Secrets;
  /** Networks and hosts that `readAllowList` takes. */
  allow: readonly string[];
  isMember: DelivererParts["isMember"];
  log: Logger;
}

/** What of webhooks the rest of the program is given. */
export interface WebhookServices {
  eventLog: EventLog;
  webhooks: Webhooks;
  /** Removes deliveries that are kept no longer. */
  oldDeliveries: Sweeper;
}

const SWEEP_EVERY_MS = 10 * 60_000;

export function buildWebhooks(parts: WebhooksBuildParts): WebhookServices {
  const { store, jobs, jobStore, jobKinds, consumers, secrets, log } = parts;
  const allow = readAllowList(parts.allow);
  const sealer = secrets.forPurpose("webhooks");
  const eventLog = new EventLog(store);
  const webhooks = new WebhookStore(store);
  const deliveryStore = new DeliveryStore(store, jobStore);
  const deliveries = new Deliveries(deliveryStore, jobs, store.generation);
  const several = [webhooks, deliveryStore, deliveries, eventLog] as const;
  jobKinds.add(webhookDeliver(
    new Deliverer({
      webhooks,
      deliveries: deliveryStore,
      places: new ReceiverPlaces(store.clock),
      sealer,
      rules: { allow },
      isMember: parts.isMember,
      webhookSwitch: new WebhookSwitch(webhooks),
    }),
  ));
  jobKinds.add(webhookFanout(new WebhookFanout(...several)));
  jobKinds.add(webhookReplay(new WebhookReplay(...several)));
  consumers.add(new WebhookConsumer(webhooks, deliveries));
  return {
    eventLog,
    webhooks: new Webhooks({
      store: webhooks,
      deliveryStore,
      deliveries,
      log: eventLog,
      jobs,
      sealer,
      allow,
    }),
    oldDeliveries: new Sweeper({
      failure: "Old deliveries of webhooks could not be removed",
      everyMs: SWEEP_EVERY_MS,
      sweep: (signal) => sweepWebhooks(webhooks, deliveryStore, signal),
      log,
    }),
  };
}
