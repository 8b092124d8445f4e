/** Keeps what events tell that alerts are about: budgets of which most, or all, is spent. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import { formatUsd } from "@/lib/shared/usd.ts";
import type { ToldSignalStore } from "./told_signal_store.ts";

type Unit = Parameters<Consumer["handle"]>[1];

export interface AlertConsumerParts {
  store: ToldSignalStore;
  /** Whom a budget is for, in words, such as `the person Ann`. */
  subjectWords: (workspace: string, subject: string) => Promise<string>;
}

const METRICS: Readonly<Record<string, "budget_warned" | "budget_exceeded">> = {
  "budget.warned": "budget_warned",
  "budget.exceeded": "budget_exceeded",
};

const PERIODS: Readonly<Record<string, string>> = {
  day: "today’s",
  week: "this week’s",
  month: "this month’s",
  total: "the whole",
};

/** Events of one step: each takes a mutation, or reads the few rows of a workspace. */
const EVENTS_PER_STEP = 50;

export class AlertConsumer implements Consumer {
  readonly name = "alerts";
  readonly #parts: AlertConsumerParts;

  constructor(parts: AlertConsumerParts) {
    this.#parts = parts;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: Unit,
    signal: AbortSignal,
  ): Promise<number> {
    let meant = 0;
    for (const [index, event] of events.entries()) {
      if (await this.#add(event, unit, signal)) meant += 1;
      if (meant >= EVENTS_PER_STEP) return index + 1;
    }
    return events.length;
  }

  /** A budget that is still spent is told again when somebody spends of it. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }

  async #add(
    { space, event }: ConsumedEvent,
    unit: Unit,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { store, subjectWords } = this.#parts;
    const { type, subject, data } = event;
    const metric = METRICS[type];
    if (metric !== undefined) {
      const whose = await subjectWords(space, subject);
      const period = String(data.periodName);
      const name = `${
        PERIODS[String(data.period)] ?? "the"
      } budget of ${whose}`;
      const place = { workspace: space, subject, period };
      store.add(unit, { ...place, metric }, {
        v: 1,
        name,
        detail: spentWords(data),
        untilMs: typeof data.resetsAt === "string"
          ? Date.parse(data.resetsAt)
          : null,
      });
      return true;
    }
    const isChanged = changedSubjects(type, subject);
    if (isChanged === null) return false;
    // What still holds is told again by whoever spends next.
    await store.drop(unit, space, isChanged, signal);
    return true;
  }
}

/** Whose budgets an event has changed; null: nobody's. */
function changedSubjects(
  type: string,
  subject: string,
): ((subject: string) => boolean) | null {
  if (type === "budget.changed") {
    return subject.endsWith(":*")
      ? (each) => each.startsWith(subject.slice(0, -1))
      : (each) => each === subject;
  }
  if (type === "key.changed" || type === "key.revoked") {
    return (each) => each === `key:${subject}`;
  }
  return null;
}

function spentWords(data: Readonly<Record<string, unknown>>): string | null {
  const { limitMicroUsd, spentMicroUsd, limitTokens, spentTokens } = data;
  const parts: string[] = [];
  if (typeof limitMicroUsd === "number") {
    parts.push(
      `${formatUsd(Number(spentMicroUsd ?? 0))} of ${
        formatUsd(limitMicroUsd)
      } US dollars`,
    );
  }
  if (typeof limitTokens === "number") {
    const count = new Intl.NumberFormat("en");
    parts.push(
      `${count.format(Number(spentTokens ?? 0))} of ${
        count.format(limitTokens)
      } tokens`,
    );
  }
  return parts.length === 0 ? null : `Spent: ${parts.join(", ")}`;
}
