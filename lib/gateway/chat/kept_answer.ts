/**
 * Answers to programs out of what is kept: no run, no events, nothing to stop or to come back to. What
 * is asked for again and again is made into bytes once.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { CachedAnswer } from "@/lib/cache/answer.ts";
import type { Usage } from "@/lib/shared/wire.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { SSE_HEADERS } from "@/lib/streams/sse.ts";
import { completionId, EventsText } from "./events_text.ts";
import { ChatForm } from "./form.ts";
import type { ChatCompletion } from "./input.ts";
import { wholeAnswer } from "./whole_answer.ts";

/** A kept answer and who is to get it. */
export interface KeptAnswer {
  answer: CachedAnswer;
  /** Hash of the question. */
  hash: string;
  /** Name of the model as the caller used it. */
  model: string;
  input: Pick<ChatCompletion, "stream" | "stream_options">;
  /** What the answer used: reported, or estimated. */
  usage: Usage;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Deltas that become events in one turn of the event loop. */
const SLICE = 64;
/** Answers with more deltas are made anew for each caller, while it reads. */
const MAX_WHOLE_DELTAS = 1_024;
/** A form of an answer that is larger is not held in memory. */
const MAX_HELD_BYTES = 256 * 1024;
/** Forms of one answer that are held: callers may name its model differently. */
const MAX_FORMS = 4;

const encoder = new TextEncoder();

export class KeptAnswers {
  readonly #forms = new WeakMap<CachedAnswer, Map<string, Bytes>>();
  readonly #onHeld: (answer: CachedAnswer, hash: string, bytes: number) => void;

  /** @param onHeld told of memory that an answer takes from now on, as long as it is kept itself */
  constructor(
    onHeld: (answer: CachedAnswer, hash: string, bytes: number) => void,
  ) {
    this.#onHeld = onHeld;
  }

  /** The whole `chat.completion`, or its stream. */
  async response(
    kept: KeptAnswer,
    headers: Record<string, string>,
  ): Promise<Response> {
    const isStream = kept.input.stream === true;
    const type = isStream
      ? SSE_HEADERS
      : { "content-type": "application/json" };
    const isLong = kept.answer.deltas.length > MAX_WHOLE_DELTAS;
    const body = isStream && isLong
      ? ReadableStream.from(encoded(streamTexts(kept)))
      : await this.#held(kept);
    return new Response(body, { headers: { ...type, ...headers } });
  }

  async #held(kept: KeptAnswer): Promise<Bytes> {
    const { answer, hash, model, input } = kept;
    const name = JSON.stringify([
      input.stream === true,
      wantsUsage(kept),
      model,
    ]);
    const known = this.#forms.get(answer)?.get(name);
    if (known !== undefined) return known;
    const bytes = encoder.encode(
      input.stream
        ? (await Array.fromAsync(streamTexts(kept))).join("")
        : JSON.stringify(await wholeAnswer(runOf(kept), eventsOf(kept))),
    );
    const forms = this.#forms.get(answer) ?? new Map<string, Bytes>();
    if (bytes.length <= MAX_HELD_BYTES && forms.size < MAX_FORMS) {
      this.#forms.set(answer, forms.set(name, bytes));
      this.#onHeld(answer, hash, bytes.length);
    }
    return bytes;
  }
}

/** The run that a kept answer looks like; all who get it get the same id. */
function runOf({ answer, hash, model }: KeptAnswer) {
  return {
    id: `run_${hash.slice(0, 22)}`,
    model,
    createdAt: new Date(answer.storedAtMs).toISOString(),
  };
}

/** A whole answer always says what it used, so its chunks have to. */
function wantsUsage({ input }: KeptAnswer): boolean {
  return !input.stream || input.stream_options?.include_usage === true;
}

async function* streamTexts(
  kept: KeptAnswer,
): AsyncGenerator<string, void, void> {
  const text = new EventsText(runOf(kept));
  for await (const events of eventsOf(kept)) yield text.format(events);
}

async function* encoded(
  texts: AsyncIterable<string>,
): AsyncGenerator<Bytes, void, void> {
  for await (const text of texts) {
    if (text !== "") yield encoder.encode(text);
  }
}

/** The events that a run with this answer would have, in slices. */
async function* eventsOf(
  kept: KeptAnswer,
): AsyncGenerator<PlacedEvent[], void, void> {
  const { answer: { deltas, finishReason }, model, usage } = kept;
  const form = new ChatForm({
    id: completionId(runOf(kept).id),
    model,
    withUsage: wantsUsage(kept),
  });
  let seq = 0;
  const place = (event: PlacedEvent["event"]): PlacedEvent => ({
    position: { epoch: 1, seq: seq += 1 },
    event,
  });
  for (let from = 0; from < deltas.length; from += SLICE) {
    if (from > 0) await nextTurn();
    const events = deltas.slice(from, from + SLICE)
      .flatMap((delta) => form.events(delta)).map(place);
    if (events.length > 0) yield events;
  }
  const status = "completed";
  yield [place({
    event: "done",
    data: { status, finishReason, usage, costMicroUsd: 0 },
  })];
}
