/** Webhooks over a store for tests, without a process around them. */
import * as z from "zod";
import { EventLog } from "@/lib/events/event_log.ts";
import { JobKinds } from "@/lib/jobs/job_kind.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { Jobs, type JobsParts } from "@/lib/jobs/jobs.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newId } from "@/lib/shared/ids.ts";
import { Deliveries } from "../deliveries.ts";
import { DeliveryStore } from "../delivery_store.ts";
import { WebhookConsumer } from "../webhook_consumer.ts";
import type { WebhookRecord } from "../webhook_record.ts";
import { WebhookStore } from "../webhook_store.ts";

export interface WebhookRig {
  webhooks: WebhookStore;
  deliveryStore: DeliveryStore;
  deliveries: Deliveries;
  log: EventLog;
  jobStore: JobStore;
  consumer: WebhookConsumer;
}

/** Kinds of jobs that are enqueued and never done. */
function idleKinds(): JobKinds {
  const kinds = new JobKinds();
  for (const kind of ["webhook.deliver", "webhook.fanout", "webhook.replay"]) {
    kinds.add({
      kind,
      input: z.unknown(),
      describe: () => kind,
      isPublic: false,
      priority: "normal",
      maxAttempts: 3,
      deadlineMs: 1_000,
      perProcess: 1,
      perWorkspace: 1,
      handle: () => Promise.resolve({}),
    });
  }
  return kinds;
}

export function webhookRig(store: Store): WebhookRig {
  const webhooks = new WebhookStore(store);
  const jobStore = new JobStore(store);
  const jobs = new Jobs({
    store,
    jobs: jobStore,
    kinds: idleKinds(),
    cancelHere: () => false,
    // Results alone need one, and nothing here has any.
    owner: undefined as unknown as JobsParts["owner"],
  });
  const deliveryStore = new DeliveryStore(store, jobStore);
  const deliveries = new Deliveries(deliveryStore, jobs, store.generation);
  return {
    webhooks,
    deliveryStore,
    deliveries,
    log: new EventLog(store),
    jobStore,
    consumer: new WebhookConsumer(webhooks, deliveries),
  };
}

/** A webhook that wants everything, put into the store. */
export async function putWebhook(
  { webhooks }: Pick<WebhookRig, "webhooks">,
  space: string,
  more: Partial<WebhookRecord> = {},
): Promise<WebhookRecord> {
  const now = new Date(webhooks.now()).toISOString();
  const record: WebhookRecord = {
    v: 1,
    id: newId("whk"),
    space,
    url: "https://hooks.example/",
    description: "",
    events: ["thread.*"],
    secrets: [],
    off: null,
    by: "usr_a",
    createdAt: now,
    updatedAt: now,
    version: 1,
    ...more,
  };
  await webhooks.create(record, {
    space,
    event: { type: "webhook.created", at: 0, subject: record.id, data: {} },
  });
  return record;
}
