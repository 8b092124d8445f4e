import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { AlertsNow } from "@/components/alerts/AlertsNow.tsx";
import { firingOf, followAlerts } from "@/components/alerts/follow_alerts.ts";
import { useNow } from "@/components/jobs/use_now.ts";
import type { Alert } from "@/lib/shared/wire.ts";

export interface AlertBoardProps {
  alerts: Alert[];
  /** How many rules are watched. */
  watched: number;
  /** Whether alerts of the server and of the workspace are both shown. */
  hasOwners: boolean;
  /** When the page was made, milliseconds since 1970 UTC. */
  nowMs: number;
}

/** What is not well, told anew whenever an alert fires, is over or is silenced. */
export default function AlertBoard(props: AlertBoardProps): VNode {
  const [alerts, setAlerts] = useState(props.alerts);
  const [news, setNews] = useState("");
  useEffect(() =>
    followAlerts((found) => {
      setAlerts(found);
      setNews(newsOf(found));
    }), []);
  return (
    <>
      <p class="sr" role="status">{news}</p>
      <AlertsNow
        alerts={alerts}
        watched={props.watched}
        nowMs={useNow(props.nowMs)}
        hasOwners={props.hasOwners}
      />
    </>
  );
}

/** What fires, for those who do not see the page change. */
function newsOf(alerts: readonly Alert[]): string {
  const firing = firingOf(alerts);
  return firing.length === 0
    ? "Nothing fires"
    : firing.map(({ title }) => title).join(". ");
}
