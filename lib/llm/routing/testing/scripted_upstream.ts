/** Providers for tests of routing: each try goes as the test has written. */
import { ProviderError } from "@/lib/errors.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import type { DeadlineName, TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import type { Delta } from "@/lib/llm/types.ts";
import type { Clock } from "@/lib/clock.ts";
import { ConnectionSlots } from "../connection_slots.ts";
import type { Upstream } from "../target.ts";

/** How one try goes: first the texts, then the error, the end, or silence. */
export interface Try {
  texts?: string[];
  /** Time until the connection is there, in milliseconds of the test's clock. */
  connectsMs?: number;
  /** Time that passes then before the first text or the end, in milliseconds of the test's clock. */
  takesMs?: number;
  error?: Error;
  /** Says nothing more until it is aborted. */
  hangs?: boolean;
}

/** A provider's answer with this status. */
export function refusal(
  status: number,
  retryAfterSeconds?: number,
): ProviderError {
  return new ProviderFailures("p", null).refusal({
    status,
    body: "",
    header: (name) =>
      name === "retry-after" && retryAfterSeconds !== undefined
        ? String(retryAfterSeconds)
        : null,
    model: "m",
  });
}

/** A deadline that has passed. */
export function timeout(deadline: DeadlineName): ProviderError {
  return new ProviderFailures("p", null).timeout(deadline, 1000);
}

export interface AskedTry {
  model: string;
  atMs: number;
  timeoutsMs: Partial<TimeoutsMs>;
}

export interface ScriptedUpstream extends Upstream {
  /** Tries in their order; after them all is well. */
  script: Try[];
  asked: AskedTry[];
  /** Streams that are open. */
  open: number;
}

/** A provider that answers "ok" unless its script says otherwise. */
export function scriptedUpstream(
  id: string,
  clock: Clock,
  { maxConnections = 100, maxWaiting }: {
    maxConnections?: number;
    maxWaiting?: number;
  } = {},
): ScriptedUpstream {
  const slots = new ConnectionSlots(id, maxConnections, clock, maxWaiting);
  const upstream: ScriptedUpstream = {
    id,
    slots,
    script: [],
    asked: [],
    open: 0,
    stream: (request, signal, { timeoutsMs = {}, onConnect } = {}) => {
      upstream.asked.push({
        model: request.model,
        atMs: clock.monotonic(),
        timeoutsMs,
      });
      return play(upstream, clock, signal, onConnect);
    },
  };
  return upstream;
}

async function* play(
  upstream: ScriptedUpstream,
  clock: Clock,
  signal: AbortSignal,
  onConnect: (() => void) | undefined,
): AsyncGenerator<Delta, undefined> {
  const { texts = [], connectsMs = 0, takesMs = 0, error, hangs } =
    upstream.script.shift() ??
      { texts: ["ok"] };
  upstream.open += 1;
  try {
    if (connectsMs > 0) await pass(clock, connectsMs, signal);
    onConnect?.();
    if (takesMs > 0) await pass(clock, takesMs, signal);
    for (const text of texts) yield { type: "text", text };
    if (hangs) await pass(clock, Infinity, signal);
    if (error !== undefined) throw error;
  } finally {
    upstream.open -= 1;
  }
}

function pass(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = ms === Infinity ? () => {} : clock.after(ms, resolve);
    signal.addEventListener("abort", () => {
      cancel();
      reject(signal.reason);
    }, { once: true });
  });
}
