/** The events of a run as an AI SDK client reads them. */
import type { AppError } from "@/lib/errors.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import type { EventsWriter } from "../chat/answer.ts";
import {
  formatUiChunk,
  UI_MESSAGE_END,
  type UiChunk,
  UiMessageWriter,
} from "./output.ts";

const INTERRUPTED = "The server was stopped before the end of the answer.";

export class UiEventsText implements EventsWriter {
  readonly #writer: UiMessageWriter;
  /** Pieces of a chunk whose end has not come. */
  #part = "";
  #isBegun = false;

  constructor(runId: string) {
    this.#writer = new UiMessageWriter(runId);
  }

  format(events: readonly PlacedEvent[]): string {
    const chunks = this.#begin();
    let end = "";
    for (const { event } of events) {
      switch (event.event) {
        case "part":
          this.#part += event.data;
          break;
        case "raw":
          chunks.push(
            ...this.#writer.chunk(JSON.parse(this.#part + event.data)),
          );
          this.#part = "";
          break;
        case "chunk":
          // The chunks are not kept any more, so one was made of the whole text.
          chunks.push(...this.#writer.chunk({
            choices: [{ index: 0, delta: { content: event.data.content } }],
          }));
          break;
        case "reset":
          this.#part = "";
          chunks.push(...this.#writer.reset());
          break;
        case "error":
          chunks.push(...this.#writer.error(event.data.message));
          end = UI_MESSAGE_END;
          break;
        case "done":
          chunks.push(...this.#end(event.data.status));
          end = UI_MESSAGE_END;
          break;
      }
    }
    return chunks.map(formatUiChunk).join("") + end;
  }

  broken(): string {
    return this.#error(INTERRUPTED);
  }

  refused({ message }: AppError): string {
    return this.#error(message);
  }

  #error(message: string): string {
    return this.#writer.error(message).map(formatUiChunk).join("") +
      UI_MESSAGE_END;
  }

  #begin(): UiChunk[] {
    if (this.#isBegun) return [];
    this.#isBegun = true;
    return this.#writer.start();
  }

  #end(status: string): UiChunk[] {
    if (status === "completed") return this.#writer.finish();
    return status === "cancelled"
      ? this.#writer.abort()
      : this.#writer.error(INTERRUPTED);
  }
}
