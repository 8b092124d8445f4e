import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { DoctorChecks } from "@/components/doctor/DoctorChecks.tsx";
import { DoctorFixes } from "@/components/doctor/DoctorFixes.tsx";
import { Icon } from "@/components/Icon.tsx";
import { announce } from "@/lib/shared/announce.ts";
import {
  type Check,
  CHECK_IDS,
  type DoctorReport,
} from "@/lib/shared/doctor/doctor_report.ts";
import { examine } from "@/lib/shared/doctor/examine.ts";
import { fixesFor } from "@/lib/shared/doctor/proxies.ts";

const LONG_MS = 120_000;

function socketTo(path: string): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(url);
}

/** Looks from this browser at the way to the server, and says what to change on it. */
export default function Doctor(): VNode {
  const [found, setFound] = useState<Check[]>([]);
  const [report, setReport] = useState<DoctorReport | null>(null);
  const [isLong, setIsLong] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const stop = () => running.current?.abort();
  const look = async () => {
    const controller = new AbortController();
    running.current = controller;
    setFound([]);
    setReport(null);
    setIsBusy(true);
    try {
      const next = await examine({
        fetch: (path, init) => fetch(path, init),
        openSocket: socketTo,
        nowMs: () => performance.now(),
        onCheck: (check) => setFound((before) => [...before, check]),
        signal: controller.signal,
        sizes: { longMs: isLong ? LONG_MS : 0 },
      });
      setReport(next);
      announce(verdictOf(next));
    } catch (error) {
      // Somebody has stopped it; what was found stays.
      if (!controller.signal.aborted) throw error;
    } finally {
      setIsBusy(false);
    }
  };
  const ids = CHECK_IDS.filter((id) => id !== "long" || isLong);
  const fixes = report === null ? [] : fixesFor(report.checks, report.proxies);
  return (
    <>
      <div class="btn-row">
        <button
          class="btn btn-primary"
          type="button"
          aria-busy={isBusy ? "true" : undefined}
          disabled={isBusy}
          onClick={look}
        >
          Examine this connection
        </button>
        {isBusy && (
          <button class="btn" type="button" onClick={stop}>Stop</button>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isLong}
            disabled={isBusy}
            onChange={({ currentTarget }) => setIsLong(currentTarget.checked)}
          />
          Also for two minutes
        </label>
      </div>
      {report !== null && (
        <div
          class="callout mt-4"
          data-kind={fixes.length === 0 ? "good" : "warn"}
        >
          <Icon name={fixes.length === 0 ? "check" : "alert"} />
          <p>
            <strong>{verdictOf(report)}</strong> {fixes.length === 0
              ? "Answers stream to this browser as they are written."
              : "What to change is below."}
          </p>
        </div>
      )}
      <DoctorChecks ids={ids} found={found} isBusy={isBusy} />
      {fixes.length > 0 && (
        <section class="section" aria-labelledby="fixes">
          <h2 id="fixes">What to change</h2>
          <DoctorFixes fixes={fixes} />
        </section>
      )}
      {report !== null && report.facts.length > 0 && (
        <section class="section" aria-labelledby="facts">
          <h2 id="facts">What else was seen</h2>
          <dl class="doctor-facts">
            {report.facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd class="anywhere">{value}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}

/** The report in a sentence. */
function verdictOf({ checks }: DoctorReport): string {
  const bad = checks.filter(({ status }) => status === "bad").length;
  if (bad === 0) return "Nothing stands in the way of streams.";
  return bad === 1
    ? "One thing on the way does harm to streams."
    : `${bad} things on the way do harm to streams.`;
}
