/** The provider of a simulated world: each request gets a text that no other request gets. */
import { ProviderError } from "@/lib/errors.ts";
import type { ChatRequest, Delta, Provider } from "@/lib/llm/types.ts";
import type { Host } from "./host.ts";

/** How one request is answered. */
export interface AnswerPlan {
  /** Milliseconds before each piece of text. */
  gapsMs: number[];
  /** `quiet`: as `finish`, but an aborted stream ends without an error. */
  end: "finish" | "fail" | "quiet";
}

/** A request that the provider has got. */
export interface Asked {
  /** The question that is answered. */
  question: string;
  /** All that the answer can become: what was there already, and what this request gives. */
  whole: string;
  /** Milliseconds of the world's time at which its last piece was given; null before. */
  finishedAtMs: number | null;
}

/** What every question begins with, so that a request to continue is told from a question. */
export const QUESTION = "Question ";

/** What the provider reports of each answer that it has finished. */
export const USAGE = { inputTokens: 3, cachedInputTokens: 0, outputTokens: 5 };

export class Upstream {
  readonly asked: Asked[] = [];
  readonly #plans: readonly AnswerPlan[];

  constructor(plans: readonly AnswerPlan[]) {
    this.#plans = plans;
  }

  /** The provider as a process sees it. */
  provider(host: Host): Provider {
    return {
      id: "simulated",
      listModels: () => Promise.resolve(["model"]),
      stream: (request, signal) => this.#answer(host, request, signal),
    };
  }

  /** Requests for a question, in their order. */
  of(question: string): Asked[] {
    return this.asked.filter((each) => each.question === question);
  }

  #answer(
    host: Host,
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncIterable<Delta> {
    const number = this.asked.length;
    const plan = this.#plans[number % this.#plans.length];
    const texts = plan.gapsMs.map((_, index) => `<${number}.${index}>`);
    const asked: Asked = { ...readPrompt(request), finishedAtMs: null };
    asked.whole += texts.join("");
    this.asked.push(asked);
    const deltas = this.#deltas(host, plan, texts, signal, asked);
    return { [Symbol.asyncIterator]: () => deltas };
  }

  async *#deltas(
    host: Host,
    { gapsMs, end }: AnswerPlan,
    texts: string[],
    signal: AbortSignal,
    asked: Asked,
  ): AsyncGenerator<Delta> {
    for (const [index, text] of texts.entries()) {
      await gap(host, gapsMs[index], signal);
      if (signal.aborted) {
        if (end === "quiet") return;
        throw signal.reason;
      }
      if (end === "fail" && index === texts.length - 1) {
        throw new ProviderError({
          status: 502,
          code: "provider_broke_off",
          message: "The provider broke off.",
        });
      }
      yield { type: "text", text };
    }
    asked.finishedAtMs = host.timeline.nowMs;
    yield { type: "finish", reason: "stop" };
    yield { type: "usage", usage: USAGE };
  }
}

/** The question of a request, and what of its answer is there already. */
function readPrompt({ messages }: ChatRequest) {
  const texts = messages.map(({ content }) => String(content));
  const last = texts.length - 1;
  return texts[last].startsWith(QUESTION)
    ? { question: texts[last], whole: "" }
    : { question: texts[last - 2], whole: texts[last - 1] };
}

function gap(host: Host, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = host.clock.after(ms, end);
    signal.addEventListener("abort", end);
  });
}
