import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FiringStrip } from "@/components/alerts/FiringStrip.tsx";
import { firingOf, followAlerts } from "@/components/alerts/follow_alerts.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";

const SHOWN = 3;

/** What fires, at the head of a page of the administration, kept up to date. */
export default function AlertStrip(props: Pick<Viewer, "firing">): VNode {
  const [firing, setFiring] = useState(props.firing);
  useEffect(() =>
    followAlerts((alerts) => {
      const found = firingOf(alerts);
      setFiring({
        count: found.length,
        alerts: found.slice(0, SHOWN)
          .map(({ title, severity }) => ({ title, severity })),
      });
    }), []);
  return (
    <div role="status">
      <FiringStrip firing={firing} />
    </div>
  );
}
