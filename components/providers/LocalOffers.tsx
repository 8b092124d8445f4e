import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { LocalOffer } from "@/lib/shared/chat/setup.ts";

/** Model servers that answer on this machine and are not in use. */
export function LocalOffers(
  { offers }: { offers: readonly LocalOffer[] },
): VNode {
  return (
    <ul class="local-offers">
      {offers.map(({ id, label, modelCount }) => (
        <li key={id} class="callout" data-kind="info">
          <Icon name="plug" />
          <p>
            <strong>{label} answers on this machine.</strong> It has{" "}
            {formatPlural(modelCount, "model")} that{" "}
            {modelCount === 1 ? "chats" : "chat"}.
          </p>
          <form method="post" action="/admin/providers">
            <input type="hidden" name="id" value={id} />
            <button
              class="btn"
              type="submit"
              name="action"
              value="use-local"
            >
              Use {label}
            </button>
          </form>
        </li>
      ))}
    </ul>
  );
}
