import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Deliveries } from "@/components/webhooks/Deliveries.tsx";
import type { Page, WebhookDelivery } from "@/lib/shared/wire.ts";

export interface WebhookDeliveriesProps {
  webhook: string;
  deliveries: WebhookDelivery[];
  nowMs: number;
  canResend: boolean;
  /** Whether events are sent. */
  isOn: boolean;
  /** Channel with the jobs that deliver. */
  channel: string;
  /** Query of the page that is shown. */
  query: string;
}

/** What happens together is read together, in milliseconds. */
const GATHER_MS = 150;
const READ_DEADLINE_MS = 10_000;

/** The deliveries to a webhook, as they go on. */
export default function WebhookDeliveries(
  props: WebhookDeliveriesProps,
): VNode {
  const { webhook, canResend, isOn, channel, query } = props;
  const [shown, setShown] = useState(props.deliveries);
  const [nowMs, setNowMs] = useState(props.nowMs);
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      timer = undefined;
      const response = await fetch(
        `/api/webhooks/${webhook}/deliveries?${query}`,
        { signal: AbortSignal.timeout(READ_DEADLINE_MS) },
      ).catch(() => null);
      // What is shown stays; the next news are the next chance.
      if (isGone || !response?.ok) return;
      const page: Page<WebhookDelivery> = await response.json();
      setShown(page.items);
      setNowMs(Date.now());
    };
    void import("@/lib/shared/live/live_client.ts").then(({ live }) => {
      if (isGone) return;
      stop = live().on(channel, ({ type, data }) => {
        if (type === "channel.refused") return;
        const { kind } = data as { kind?: string };
        if (type.startsWith("job.") && !kind?.startsWith("webhook.")) return;
        timer ??= setTimeout(read, GATHER_MS);
      });
    });
    return () => {
      isGone = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
  return shown.length === 0
    ? (
      <div class="empty">
        <h3>Nothing sent yet</h3>
        <p class="soft">
          {isOn
            ? "The first event that it wants is sent at once. “Send test” tries it now."
            : "Once it is on, each event that it wants is sent at once."}
        </p>
      </div>
    )
    : <Deliveries deliveries={shown} nowMs={nowMs} canResend={canResend} />;
}
