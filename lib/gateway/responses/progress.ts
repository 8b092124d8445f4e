/** A run as a Response: what it is by now, and the events that led there. */
import type { RunError, RunStatus } from "@/lib/shared/wire.ts";
import type { LoggedEvent } from "@/lib/streams/live_run.ts";
import type { ResponseFields } from "./input.ts";
import {
  type CompletionChunk,
  OutputItems,
  type ResponseEvent,
} from "./output_items.ts";
import {
  NEW_STATE,
  type ResponseObject,
  type ResponseRun,
  type ResponseState,
  toResponse,
  toResponseError,
  toResponseUsage,
} from "./response_object.ts";

/** What of an end that was no whole answer this API calls incomplete. */
const INCOMPLETE: Readonly<Record<string, string>> = {
  length: "max_output_tokens",
  budget: "max_output_tokens",
  content_filter: "content_filter",
};

const INTERRUPTED = {
  code: "run_interrupted",
  message: "The server was stopped before the end of the answer.",
};

export class Progress {
  readonly #run: ResponseRun;
  readonly #request: ResponseFields;
  #state: ResponseState = NEW_STATE;
  #items: OutputItems;
  /** Pieces of a chunk whose end has not come. */
  #part = "";
  #usage: Record<string, unknown> | null = null;
  #finishReason: string | null = null;
  #error: RunError | null = null;

  constructor(run: ResponseRun, request: ResponseFields) {
    this.#run = run;
    this.#request = request;
    this.#items = new OutputItems(run.id);
  }

  /** The Response as it is now. */
  get response(): ResponseObject {
    const output = this.#items.items;
    return toResponse(this.#run, this.#request, { ...this.#state, output });
  }

  /** The error that ended the run. */
  get error(): RunError | null {
    return this.#error;
  }

  /** How a stream begins, or begins again after `restart`. */
  inProgress(): ResponseEvent {
    return { type: "response.in_progress", response: this.response };
  }

  /** Takes the next event of the run's log; gives the events of the Response that come of it. */
  add(event: LoggedEvent): ResponseEvent[] {
    switch (event.event) {
      case "part":
        this.#part += event.data;
        return [];
      case "raw": {
        const chunk: CompletionChunk = JSON.parse(this.#part + event.data);
        this.#part = "";
        return this.#chunk(chunk);
      }
      case "chunk": {
        // The chunks are not kept any more, so one was made of the whole text.
        const { content } = event.data;
        return this.#chunk({ choices: [{ delta: { content } }] });
      }
      case "error":
        this.#error = event.data;
        return this.#fail(event.data);
      case "done": {
        const { status, finishReason, usage } = event.data;
        const counted = toResponseUsage(this.#usage, usage);
        this.#state = { ...this.#state, usage: counted };
        this.#finishReason = finishReason ?? this.#finishReason;
        return this.#end(status);
      }
      default:
        return [];
    }
  }

  /** The run begins again: nothing of what came before counts. */
  restart(): void {
    this.#items = new OutputItems(this.#run.id);
    this.#state = NEW_STATE;
    this.#part = "";
    this.#usage = null;
    this.#finishReason = null;
  }

  #chunk(chunk: CompletionChunk): ResponseEvent[] {
    this.#usage = chunk.usage ?? this.#usage;
    this.#finishReason = chunk.choices?.[0]?.finish_reason ??
      this.#finishReason;
    return this.#items.add(chunk);
  }

  #end(status: RunStatus): ResponseEvent[] {
    if (status === "interrupted") return this.#fail(INTERRUPTED);
    const reason = INCOMPLETE[this.#finishReason ?? ""];
    if (status === "cancelled") {
      return this.#last(false, "response.incomplete", { status: "cancelled" });
    }
    return reason === undefined
      ? this.#last(true, "response.completed", {
        status: "completed",
        completed_at: Math.floor(Date.now() / 1_000),
      })
      : this.#last(false, "response.incomplete", {
        status: "incomplete",
        incomplete_details: { reason },
      });
  }

  #fail(error: Pick<RunError, "code" | "message">): ResponseEvent[] {
    return this.#last(false, "response.failed", {
      status: "failed",
      error: toResponseError(error),
    });
  }

  #last(
    isWhole: boolean,
    type: string,
    state: Partial<ResponseState>,
  ): ResponseEvent[] {
    const events = this.#items.end(isWhole);
    this.#state = { ...this.#state, ...state };
    return [...events, { type, response: this.response }];
  }
}
