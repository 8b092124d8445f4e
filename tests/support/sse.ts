/** Reading a run's stream in a test, as a program would. */
import { createParser, type EventSourceMessage } from "eventsource-parser";

export interface ReceivedEvent {
  id: string;
  event: string;
  // deno-lint-ignore no-explicit-any -- tests look into events of every kind
  data: any;
}

/** Yields events as they arrive. Ends with the stream, or throws when it breaks. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ReceivedEvent, void, void> {
  const queue: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => queue.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const { id, event, data } of queue.splice(0)) {
      yield { id: id ?? "", event: event ?? "message", data: JSON.parse(data) };
    }
  }
}

/** All events of a response, once it has ended. */
export async function collectEvents(
  response: Response,
): Promise<ReceivedEvent[]> {
  return await Array.fromAsync(readEvents(response.body!));
}

/** The text that events add up to; `reset` drops what came before. */
export function assemble(events: ReceivedEvent[]): string {
  let text = "";
  for (const { event, data } of events) {
    if (event === "reset") text = "";
    else if (event === "chunk") text += data.content;
  }
  return text;
}
