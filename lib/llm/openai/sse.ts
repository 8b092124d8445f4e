/**
 * Server-sent events out of bytes that arrive in any pieces
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 */
import { createParser, type EventSourceParser } from "eventsource-parser";

/** No provider comes near it; beyond it a stream is a mistake or an attack. */
export const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** The bytes are not UTF-8, or one event has no end. */
export class EventStreamError extends Error {
  override readonly name = "EventStreamError";
}

/** Feeds on bytes and calls back with the data of each whole event, and its name when it has one. */
export class EventReader {
  private readonly decoder = new TextDecoder("utf-8", { fatal: true });
  private readonly parser: EventSourceParser;
  private tooLong = false;

  constructor(onEvent: (data: string, name: string | undefined) => void) {
    this.parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onEvent: (event) => onEvent(event.data, event.event),
      onError: (error) => {
        this.tooLong ||= error.type === "max-buffer-size-exceeded";
      },
    });
  }

  /** @throws {EventStreamError} */
  feed(bytes: Uint8Array): void {
    this.parse(() => this.decoder.decode(bytes, { stream: true }));
  }

  /**
   * The body ended as it should. An event without the empty line that ends it still counts, since
   * several servers leave that line out after `[DONE]`.
   * @throws {EventStreamError}
   */
  end(): void {
    this.parse(() => `${this.decoder.decode()}\n\n`);
  }

  private parse(decode: () => string): void {
    let text: string;
    try {
      text = decode();
    } catch (cause) {
      throw new EventStreamError("Text is not UTF-8", { cause });
    }
    if (text !== "") this.parser.feed(text);
    if (this.tooLong) {
      throw new EventStreamError(
        `Event is longer than ${MAX_EVENT_CHARACTERS} characters`,
      );
    }
  }
}
