/**
 * The events of a run as clients of `/v1/responses` read them. Each has a number; that of the first of an
 * epoch is a multiple of `EPOCH_NUMBERS`, so numbers grow also when the answer begins again, and whoever
 * has heard one can say from which on to go on.
 */
import type { AppError } from "@/lib/errors.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { formatPosition, type Position } from "@/lib/streams/position.ts";
import type { EventsWriter } from "../chat/answer.ts";
import type { ResponseFields } from "./input.ts";
import type { ResponseEvent } from "./output_items.ts";
import { Progress } from "./progress.ts";
import type { ResponseRun } from "./response_object.ts";

/** More than an epoch has events. */
export const EPOCH_NUMBERS = 10_000_000;

/** Number of the event at a place of a Response's stream. */
export function numberAt({ epoch, seq }: Position): number {
  return (epoch - 1) * EPOCH_NUMBERS + seq;
}

export class ResponseEventsText implements EventsWriter {
  readonly #progress: Progress;
  /** Number of the last event that the client has; -1: none. */
  readonly #after: number;
  #epoch = 0;
  #seq = -1;

  /** @param after number of the last event that the client has; -1 or null: none */
  constructor(
    run: ResponseRun,
    request: ResponseFields,
    after: number | null = null,
  ) {
    this.#progress = new Progress(run, request);
    this.#after = after ?? -1;
  }

  format(events: readonly PlacedEvent[]): string {
    let text = "";
    for (const { position, event } of events) {
      if (position.epoch !== this.#epoch) {
        const reason = event.event === "reset" ? event.data.reason : "";
        text += this.#begin(position.epoch, reason);
      }
      for (const each of this.#progress.add(event)) text += this.#write(each);
    }
    return text;
  }

  /** The run goes on elsewhere, or nowhere: the client comes back with its last number. */
  broken(): string {
    return this.#error(
      "stream_interrupted",
      "The server is going down. If the response goes on, it can be retrieved with stream=true and starting_after.",
    );
  }

  /** The caller may be here no longer. */
  refused({ code, message }: AppError): string {
    return this.#error(code, message);
  }

  #error(code: string, message: string): string {
    const error = {
      type: "error",
      code,
      message,
      param: null,
      sequence_number: Math.max(this.#number, this.#after),
    };
    return `event: error\ndata: ${JSON.stringify(error)}\n\n`;
  }

  get #number(): number {
    return numberAt({ epoch: Math.max(this.#epoch, 1), seq: this.#seq });
  }

  #begin(epoch: number, reason: string): string {
    const first = numberAt({ epoch, seq: 0 });
    const knowsEarlier = this.#epoch > 0 ||
      (this.#after >= 0 && this.#after < first);
    this.#epoch = epoch;
    this.#seq = -1;
    this.#progress.restart();
    const { response } = this.#progress;
    const opening = epoch > 1 && knowsEarlier
      ? { type: "reset", epoch, reason }
      : { type: "response.created", response };
    return this.#write(opening) + this.#write(this.#progress.inProgress());
  }

  #write({ type, ...fields }: ResponseEvent): string {
    this.#seq += 1;
    const number = this.#number;
    if (number <= this.#after) return "";
    const id = formatPosition({ epoch: this.#epoch, seq: this.#seq });
    const data = JSON.stringify({ type, sequence_number: number, ...fields });
    return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
  }
}
