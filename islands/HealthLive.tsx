import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { HealthChecks } from "@/components/health/HealthFacts.tsx";
import { HealthReadings } from "@/components/health/HealthReadings.tsx";
import { HealthVerdict } from "@/components/health/HealthVerdict.tsx";
import { LiveNote, type LiveNoteState } from "@/components/health/LiveNote.tsx";
import { OneProcess, ProcessTable } from "@/components/health/ProcessTable.tsx";
import { ProviderHealth } from "@/components/health/ProviderHealth.tsx";
import { useNow } from "@/components/jobs/use_now.ts";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";

export interface HealthLiveProps {
  now: HealthNow;
  points: HealthReport["series"]["points"];
  /** The process whose readings these are; null: those of all. */
  process: string | null;
}

const EVENTS = "/api/health/events";
/** Without news for so long the page says that it is old, in milliseconds. */
const STALE_AFTER_MS = 20_000;

/** With fewer points a line is hardly one. */
const LEAST_POINTS = 4;

function isNew(points: HealthLiveProps["points"]): boolean {
  return Object.values(points).every((line) =>
    line.filter((point) => point !== null).length < LEAST_POINTS
  );
}

/** How the server does, told anew every few seconds while somebody looks. */
export default function HealthLive(props: HealthLiveProps): VNode {
  const [now, setNow] = useState(props.now);
  const [state, setState] = useState<LiveNoteState>("still");
  const [heard, setHeard] = useState("");
  useEffect(() => {
    let source: EventSource | null = null;
    let known = props.now.findings;
    let late: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      clearTimeout(late);
      late = setTimeout(() => setState("stale"), STALE_AFTER_MS);
    };
    const close = () => {
      clearTimeout(late);
      source?.close();
      source = null;
    };
    const open = () => {
      wait();
      source = new EventSource(
        props.process === null
          ? EVENTS
          : `${EVENTS}?process=${encodeURIComponent(props.process)}`,
      );
      source.addEventListener("health", ({ data }) => {
        const news: HealthNow = JSON.parse(data);
        wait();
        setState("live");
        setNow(news);
        const fresh = news.findings.filter(({ id }) =>
          known.every((each) => each.id !== id)
        );
        known = news.findings;
        if (fresh.length > 0) {
          setHeard(fresh.map(({ title }) => title).join(". "));
        }
      });
      // A browser that has given up says so by this state; otherwise it comes back by itself.
      source.addEventListener("error", () => {
        if (source?.readyState === EventSource.CLOSED) setState("ended");
      });
    };
    // Nobody reads a page that is hidden.
    const look = () => {
      if (document.hidden) close();
      else if (source === null) open();
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      close();
    };
  }, []);
  const nowMs = useNow(Date.parse(now.at));
  return (
    <div class="health">
      <LiveNote state={state} at={now.at} nowMs={nowMs} />
      <p class="sr" role="status">{heard}</p>
      <HealthVerdict level={now.level} findings={now.findings} />
      <p class="hint health-lines">
        {isNew(props.points)
          ? "24 hours are kept of each reading; the lines begin with the first minutes."
          : "The lines are of the last 24 hours. Their top is the limit, where there is one."}
      </p>
      <OneProcess processes={now.processes} process={props.process} />
      <HealthReadings
        readings={now.readings}
        processes={now.processes}
        points={props.points}
      />
      <section class="health-group" aria-labelledby="processes">
        <div class="section-head">
          <h2 id="processes">Every process</h2>
          <span class="unit">Of the last 24 hours.</span>
        </div>
        <ProcessTable
          processes={now.processes}
          readings={now.readings}
          process={props.process}
          nowMs={nowMs}
        />
      </section>
      <section class="health-group" aria-labelledby="providers">
        <div class="section-head">
          <h2 id="providers">Providers</h2>
        </div>
        <ProviderHealth providers={now.providers} />
      </section>
      <section class="health-group" aria-labelledby="readiness">
        <div class="section-head">
          <h2 id="readiness">Readiness</h2>
          <span class="unit">Of the process that answered this page.</span>
        </div>
        <HealthChecks checks={now.checks} />
      </section>
    </div>
  );
}
