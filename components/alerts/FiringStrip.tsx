import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";

/** What fires, in a line; nothing while all is well. */
export function FiringStrip(
  { firing: { count, alerts } }: Pick<Viewer, "firing">,
): VNode | null {
  if (count === 0) return null;
  const isCritical = alerts.some(({ severity }) => severity === "critical");
  return (
    <div
      class="callout alert-strip"
      data-kind={isCritical ? "bad" : "warn"}
    >
      <Icon name="alert" />
      <p>
        <strong>{alerts.map(({ title }) => title).join(" · ")}</strong>{" "}
        {count > alerts.length &&
          `and ${formatPlural(count - alerts.length, "more alert")}. `}
        <a href="/admin/alerts">What to do</a>
      </p>
    </div>
  );
}
