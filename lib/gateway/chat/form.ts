/** The events of a run over `/v1/chat/completions`: the provider's chunks, as its callers get them. */
import { Buffer } from "node:buffer";
import type { RunForm } from "@/lib/chat/run_execution.ts";
import type { Delta } from "@/lib/llm/types.ts";
import type { LoggedEvent } from "@/lib/streams/live_run.ts";
import { ChunkRewriter, type RewriterOptions } from "../chunk_rewriter.ts";

/** Largest piece of a chunk in one event, in UTF-16 code units; as JSON in UTF-8 it fits a value. */
const MAX_PIECE_CHARACTERS = 4_000;

/** A chunk of so many bytes needs no cut, even if each of its quotes is escaped. */
const MAX_WHOLE_BYTES = 12_000;

export interface ChatFormOptions extends RewriterOptions {
  /** How many answers the caller wants at a time; 1 unless told. */
  choices?: number;
}

export class ChatForm implements RunForm {
  readonly #options: ChatFormOptions;
  readonly #rewriter: ChunkRewriter;
  #text = "";

  constructor(options: ChatFormOptions) {
    this.#options = options;
    this.#rewriter = new ChunkRewriter(options);
  }

  get text(): string {
    return this.#text;
  }

  events(delta: Delta): readonly LoggedEvent[] {
    if (delta.type === "text") this.#text += delta.text;
    if (delta.raw === undefined) return [];
    const data = this.#rewriter.rewrite(delta.raw);
    if (data === null) return [];
    // Only a long one is measured exactly: a character takes three bytes at most.
    return 3 * data.length <= MAX_WHOLE_BYTES ||
        Buffer.byteLength(data) <= MAX_WHOLE_BYTES
      ? [{ event: "raw", data }]
      : cut(data);
  }

  restart(): void {
    this.#text = "";
  }

  /** In OpenAI's words an answer that may not go on has reached its length. */
  cutOff(): readonly LoggedEvent[] {
    const { id, model, choices = 1 } = this.#options;
    const chunk = {
      id,
      object: "chat.completion.chunk",
      created: Math.floor(Date.now() / 1_000),
      model,
      choices: Array.from({ length: choices }, (_, index) => ({
        index,
        delta: {},
        finish_reason: "length",
      })),
    };
    return [{ event: "raw", data: JSON.stringify(chunk) }];
  }
}

function cut(data: string): LoggedEvent[] {
  const pieces: LoggedEvent[] = [];
  for (let from = 0; from < data.length;) {
    let to = Math.min(from + MAX_PIECE_CHARACTERS, data.length);
    const code = data.charCodeAt(to - 1);
    if (to < data.length && code >= 0xd800 && code <= 0xdbff) to -= 1;
    const event = to === data.length ? "raw" : "part";
    pieces.push({ event, data: data.slice(from, to) });
    from = to;
  }
  return pieces;
}
