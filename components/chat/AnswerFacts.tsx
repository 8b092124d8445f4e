import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Answer } from "@/lib/shared/chat/answer.ts";
import {
  formatCount,
  formatDuration,
  formatWholeDuration,
} from "@/lib/shared/format.ts";

/** From when on the time so far shows: a short wait needs no clock. */
const SHOW_ELAPSED_MS = 3_000;

const TICK_MS = 1_000;

/** Shortest writing time that gives a speed worth showing, in milliseconds. */
const MIN_SPEED_SPAN_MS = 300;

interface Fact {
  name: string;
  value: string;
  /** The same in a line of text. */
  phrase: string;
}

/** The time, every second while it is wanted. */
function useTick(isRunning: boolean, firstMs: number): number {
  const [nowMs, setNowMs] = useState(firstMs);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return nowMs;
}

function timeFacts(answer: Answer, nowMs: number): Fact[] {
  const { askedAtMs, firstTokenAtMs, endedAtMs } = answer;
  const facts: Fact[] = [];
  if (askedAtMs === null) return facts;
  if (firstTokenAtMs !== null) {
    const value = formatDuration(firstTokenAtMs - askedAtMs);
    facts.push({
      name: "First token",
      value,
      phrase: `${value} to first token`,
    });
  }
  if (endedAtMs !== null) {
    const value = formatDuration(endedAtMs - askedAtMs);
    facts.push({ name: "Total", value, phrase: `${value} in all` });
  } else if (nowMs - askedAtMs >= SHOW_ELAPSED_MS) {
    const value = formatWholeDuration(nowMs - askedAtMs);
    facts.push({ name: "So far", value, phrase: `${value} so far` });
  }
  return facts;
}

function tokenFacts({ usage, firstTokenAtMs, endedAtMs }: Answer): Fact[] {
  // Nothing arrived and nothing was counted: an estimate of 0 says nothing.
  if (usage === null || (usage.estimated && usage.outputTokens === 0)) {
    return [];
  }
  const about = usage.estimated ? "≈ " : "";
  const tokens = `${about}${formatCount(usage.outputTokens)}`;
  const facts = [{
    name: "Tokens",
    value: tokens,
    phrase: `${tokens} tokens`,
  }];
  const spanMs = firstTokenAtMs === null || endedAtMs === null
    ? 0
    : endedAtMs - firstTokenAtMs;
  if (spanMs >= MIN_SPEED_SPAN_MS) {
    const perSecond = usage.outputTokens / (spanMs / 1000);
    const value = `${formatCount(Math.round(perSecond))} tok/s`;
    facts.push({ name: "Speed", value, phrase: value });
  }
  return facts;
}

/** What the instrument says about an answer: in the margin, or on a narrow page in a line below. */
export function useAnswerFacts(
  answer: Answer,
): Fact[] {
  const isRunning = answer.status === "streaming" && answer.askedAtMs !== null;
  const nowMs = useTick(isRunning, answer.askedAtMs ?? 0);
  return [...timeFacts(answer, nowMs), ...tokenFacts(answer)];
}

/** The facts as marginalia. */
export function AnswerNote(
  { label, facts }: { label: string; facts: Fact[] },
): VNode {
  return (
    <div class="note answer-note">
      <b>{label}</b>
      {facts.length > 0 && (
        <dl>
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** The facts as a line. */
export function AnswerLine(
  { label, facts }: { label: string; facts: Fact[] },
): VNode {
  const parts = [label, ...facts.map(({ phrase }) => phrase)];
  return <p class="answer-line">{parts.join(" · ")}</p>;
}
