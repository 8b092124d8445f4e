/** The events of a run as OpenAI's clients read them: chunks as data, and `[DONE]` at the end. */
import type { RunRecord } from "@/lib/chat/records.ts";
import type { AppError } from "@/lib/errors.ts";
import type { RunError } from "@/lib/shared/wire.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { formatPosition, type Position } from "@/lib/streams/position.ts";
import { toOpenAIError, toOpenAIStreamError } from "../openai_error.ts";
import { toFinishReason } from "../run_object.ts";

const DONE = "data: [DONE]\n\n";

/** What a stream says that ends although nothing has failed. */
const ENDED: Partial<Record<RunRecord["status"], RunError>> = {
  cancelled: {
    code: "run_cancelled",
    message: "The answer was stopped before its end.",
    retryable: false,
  },
  interrupted: {
    code: "run_interrupted",
    message: "The server was stopped before the end of the answer.",
    retryable: true,
  },
};

/** `id` of the chunks of a run. */
export function completionId(runId: string): string {
  return runId.replace(/^run_/, "chatcmpl-");
}

export class EventsText {
  readonly #run: Pick<RunRecord, "id" | "model" | "createdAt">;
  /** Pieces of a chunk whose end has not come. */
  #part = "";
  /** The chunks are not kept any more, so one was made of the whole text. */
  #isRetold = false;

  constructor(run: Pick<RunRecord, "id" | "model" | "createdAt">) {
    this.#run = run;
  }

  /** Empty for events that are none of the callers' concern. */
  format(events: readonly PlacedEvent[]): string {
    let text = "";
    for (const { position, event } of events) {
      switch (event.event) {
        case "part":
          this.#part += event.data;
          break;
        case "raw":
          text += `id: ${
            formatPosition(position)
          }\ndata: ${this.#part}${event.data}\n\n`;
          this.#part = "";
          break;
        case "chunk":
          text += data(position, this.#chunk({ content: event.data.content }));
          this.#isRetold = true;
          break;
        case "reset":
          this.#part = "";
          this.#isRetold = false;
          text += `id: ${formatPosition(position)}\nevent: reset\ndata: ${
            JSON.stringify(event.data)
          }\n\n`;
          break;
        case "error":
          text += data(position, toOpenAIStreamError(event.data)) +
            `id: ${formatPosition(position)}\n${DONE}`;
          break;
        case "done": {
          const error = ENDED[event.data.status];
          if (error !== undefined) {
            text += data(position, toOpenAIStreamError(error));
          } else if (this.#isRetold) {
            const reason = toFinishReason(event.data.finishReason);
            text += data(position, this.#chunk({}, reason));
          }
          text += `id: ${formatPosition(position)}\n${DONE}`;
          break;
        }
      }
    }
    return text;
  }

  /** The end of a stream that goes on elsewhere, or nowhere. */
  broken(): string {
    return `data: ${
      JSON.stringify(toOpenAIStreamError({
        code: "stream_interrupted",
        message:
          `The server is going down. If the run goes on, its events are at /v1/runs/${this.#run.id}/events.`,
      }))
    }\n\n${DONE}`;
  }

  /** The end of a stream whose caller may be here no longer. */
  refused(refusal: AppError): string {
    return `data: ${JSON.stringify(toOpenAIError(refusal))}\n\n${DONE}`;
  }

  #chunk(delta: Record<string, unknown>, finishReason: string | null = null) {
    const { id, model, createdAt } = this.#run;
    return {
      id: completionId(id),
      object: "chat.completion.chunk",
      created: Math.floor(Date.parse(createdAt) / 1_000),
      model,
      choices: [{ index: 0, delta, finish_reason: finishReason }],
    };
  }
}

function data(position: Position, value: unknown): string {
  return `id: ${formatPosition(position)}\ndata: ${JSON.stringify(value)}\n\n`;
}
