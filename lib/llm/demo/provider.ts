/** `freshet/demo`: an answer to try the pages with, before any provider is configured. */
import { answerFrom } from "@/lib/llm/demo/answer.ts";
import {
  Manual,
  type ReadPages,
  readProjectPages,
} from "@/lib/llm/demo/manual.ts";
import { withChunks } from "@/lib/llm/raw_deltas.ts";
import { sleep } from "@/lib/llm/retry.ts";
import type {
  ChatRequest,
  Delta,
  ModelInfo,
  Provider,
} from "@/lib/llm/types.ts";

export const DEMO_MODEL: ModelInfo = {
  id: "freshet/demo",
  provider: "freshet",
  model: "demo",
  label: "Freshet demo",
};

export interface DemoOptions {
  /** By default `README.md` and `docs/` of the working directory. */
  readPages?: ReadPages;
  /** Wait before each word; by default what makes a pace that can be read along. */
  pause?: (signal: AbortSignal) => Promise<void>;
}

/** About 40 words a second. */
const PAUSE_MS = 25;

/** The text of the last thing the user said. */
function questionOf(request: ChatRequest): string {
  const content = request.messages
    .findLast((message) => message.role === "user")?.content;
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => (part as { text?: unknown } | null)?.text)
    .filter((text): text is string => typeof text === "string")
    .join("\n");
}

/** Searches the manual, which is read at the first question, and streams what it finds. */
export class DemoProvider implements Provider {
  readonly id = DEMO_MODEL.provider;
  private manual: Promise<Manual> | undefined;
  private readonly readPages: ReadPages;
  private readonly pause: (signal: AbortSignal) => Promise<void>;

  constructor(options: DemoOptions = {}) {
    this.readPages = options.readPages ?? (() => readProjectPages(Deno.cwd()));
    this.pause = options.pause ?? ((signal) => sleep(PAUSE_MS, signal));
  }

  stream(
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Delta, undefined> {
    return withChunks(this.answer(request, signal), request);
  }

  private async *answer(
    request: ChatRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Delta, undefined> {
    signal.throwIfAborted();
    this.manual ??= Manual.load(this.readPages);
    const text = answerFrom(await this.manual, questionOf(request));
    for (const word of text.match(/\s*\S+/g) ?? []) {
      await this.pause(signal);
      signal.throwIfAborted();
      yield { type: "text", text: word };
    }
    yield { type: "finish", reason: "stop" };
  }

  listModels(): Promise<string[]> {
    return Promise.resolve([DEMO_MODEL.model]);
  }
}
