/**
 * The output of a Response out of the chunks of a chat completion: items in the order in which they begin,
 * and the events that tell of them.
 */
import type { OutputItem } from "./response_object.ts";

/** An event of a Response's stream without its number. */
export interface ResponseEvent {
  type: string;
  [field: string]: unknown;
}

/** The members that are read of a chunk (https://platform.openai.com/docs/api-reference/chat-streaming). */
export interface CompletionChunk {
  choices?: {
    index?: number;
    delta?: {
      content?: string | null;
      refusal?: string | null;
      reasoning_content?: string | null;
      reasoning?: string | null;
      tool_calls?: ToolCallDelta[] | null;
    } | null;
    logprobs?: { content?: unknown[] | null } | null;
    finish_reason?: string | null;
  }[] | null;
  usage?: Record<string, unknown> | null;
}

interface ToolCallDelta {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | null } | null;
}

/** Kinds of text: the part that holds it, its field there, and what its events are called. */
const KINDS = {
  output_text: { field: "text", event: "response.output_text" },
  refusal: { field: "refusal", event: "response.refusal" },
  reasoning_text: { field: "text", event: "response.reasoning_text" },
} as const;

type Kind = keyof typeof KINDS;

interface OpenText {
  kind: Kind;
  item: OutputItem;
  place: number;
  /** Place of the part in the item. */
  part: number;
  text: string;
  logprobs: unknown[];
}

interface OpenCall {
  id: string;
  name: string;
  text: string;
  /** Null until the name is known. */
  item: OutputItem | null;
  place: number;
}

export class OutputItems {
  readonly #tail: string;
  readonly #items: OutputItem[] = [];
  readonly #calls: OpenCall[] = [];
  #open: OpenText | null = null;

  /** @param runId makes the ids of items the same for whoever reads the run */
  constructor(runId: string) {
    this.#tail = runId.replace(/^run_/, "");
  }

  /** The items as they are now. */
  get items(): OutputItem[] {
    const open = this.#open;
    if (open !== null) open.item.content = [partOf(open)];
    return structuredClone(this.#items);
  }

  /** Takes a chunk; of several choices the first is the answer. */
  add({ choices }: CompletionChunk): ResponseEvent[] {
    const events: ResponseEvent[] = [];
    for (const { index = 0, delta, logprobs } of choices ?? []) {
      if (index !== 0 || !delta) continue;
      const thought = delta.reasoning_content ?? delta.reasoning;
      if (thought) this.#text("reasoning_text", thought, [], events);
      if (delta.content) {
        const about = logprobs?.content ?? [];
        this.#text("output_text", delta.content, about, events);
      }
      if (delta.refusal) this.#text("refusal", delta.refusal, [], events);
      for (const call of delta.tool_calls ?? []) this.#call(call, events);
    }
    return events;
  }

  /** Ends what is open: whole, or broken off. */
  end(isWhole: boolean): ResponseEvent[] {
    const events: ResponseEvent[] = [];
    const status = isWhole ? "completed" : "incomplete";
    this.#closeText(status, events);
    for (const call of this.#calls) this.#closeCall(call, status, events);
    this.#calls.length = 0;
    return events;
  }

  #begin(
    prefix: string,
    fields: Pick<OutputItem, "type"> & Record<string, unknown>,
    events: ResponseEvent[],
  ): { item: OutputItem; place: number } {
    const place = this.#items.length;
    const id = `${prefix}_${this.#tail}_${place}`;
    const item: OutputItem = { id, status: "in_progress", ...fields };
    this.#items.push(item);
    events.push({
      type: "response.output_item.added",
      output_index: place,
      item: structuredClone(item),
    });
    return { item, place };
  }

  #text(
    kind: Kind,
    delta: string,
    logprobs: unknown[],
    events: ResponseEvent[],
  ): void {
    if (this.#open?.kind !== kind) {
      this.#closeText("completed", events);
      this.#open = this.#beginText(kind, events);
    }
    const open = this.#open;
    open.text += delta;
    for (const each of logprobs) open.logprobs.push(each);
    events.push({
      type: `${KINDS[kind].event}.delta`,
      item_id: open.item.id,
      output_index: open.place,
      content_index: open.part,
      delta,
      ...(kind === "output_text" ? { logprobs } : {}),
    });
  }

  #beginText(kind: Kind, events: ResponseEvent[]): OpenText {
    const { item, place } = kind === "reasoning_text"
      ? this.#begin(
        "rs",
        { type: "reasoning", summary: [], content: [] },
        events,
      )
      : this.#begin("msg", {
        type: "message",
        role: "assistant",
        content: [],
      }, events);
    const open = { kind, item, place, part: 0, text: "", logprobs: [] };
    events.push({
      type: "response.content_part.added",
      item_id: item.id,
      output_index: place,
      content_index: 0,
      part: partOf(open),
    });
    return open;
  }

  #closeText(status: OutputItem["status"], events: ResponseEvent[]): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { kind, item, place, part, text, logprobs } = open;
    const at = {
      item_id: item.id,
      output_index: place,
      content_index: part,
    };
    events.push(
      {
        type: `${KINDS[kind].event}.done`,
        ...at,
        [KINDS[kind].field]: text,
        ...(kind === "output_text" ? { logprobs } : {}),
      },
      { type: "response.content_part.done", ...at, part: partOf(open) },
    );
    item.content = [partOf(open)];
    this.#closeItem(item, place, status, events);
  }

  #closeItem(
    item: OutputItem,
    place: number,
    status: OutputItem["status"],
    events: ResponseEvent[],
  ): void {
    item.status = status;
    events.push({
      type: "response.output_item.done",
      output_index: place,
      item: structuredClone(item),
    });
  }

  /** A part of a call; whoever leaves out its number goes on with the last one, or begins another. */
  #call(delta: ToolCallDelta, events: ResponseEvent[]): void {
    this.#closeText("completed", events);
    const { index, id, function: called } = delta;
    const last = this.#calls.length - 1;
    const isNew = last < 0 || (id && id !== this.#calls[last].id);
    const place = typeof index === "number" && index >= 0 && index < MAX_CALLS
      ? index
      : isNew
      ? last + 1
      : last;
    while (this.#calls.length <= place) {
      this.#calls.push({ id: "", name: "", text: "", item: null, place: 0 });
    }
    const call = this.#calls[place];
    if (id) call.id = id;
    // Some repeat it with each piece.
    if (called?.name) call.name = called.name;
    const piece = called?.arguments ?? "";
    call.text += piece;
    if (call.item !== null) {
      this.#arguments(call, piece, events);
    } else if (call.name !== "") {
      this.#beginCall(call, events);
      this.#arguments(call, call.text, events);
    }
  }

  #beginCall(call: OpenCall, events: ResponseEvent[]): OutputItem {
    // A few servers give no id; the output of the call could not be told apart without.
    call.id ||= `call_${this.#tail}_${this.#items.length}`;
    const { item, place } = this.#begin("fc", {
      type: "function_call",
      call_id: call.id,
      name: call.name,
      arguments: "",
    }, events);
    Object.assign(call, { item, place });
    return item;
  }

  #arguments(call: OpenCall, delta: string, events: ResponseEvent[]): void {
    if (delta === "" || call.item === null) return;
    call.item.arguments = call.text;
    events.push({
      type: "response.function_call_arguments.delta",
      item_id: call.item.id,
      output_index: call.place,
      delta,
    });
  }

  #closeCall(
    call: OpenCall,
    status: OutputItem["status"],
    events: ResponseEvent[],
  ): void {
    if (call.item === null && call.text === "" && call.id === "") return;
    const item = call.item ?? this.#beginCall(call, events);
    item.arguments = call.text;
    events.push({
      type: "response.function_call_arguments.done",
      item_id: item.id,
      output_index: call.place,
      name: call.name,
      arguments: call.text,
    });
    this.#closeItem(item, call.place, status, events);
  }
}

/** Beyond it a number is a mistake. */
const MAX_CALLS = 1_000;

function partOf({ kind, text, logprobs }: OpenText): Record<string, unknown> {
  if (kind !== "output_text") return { type: kind, [KINDS[kind].field]: text };
  return { type: kind, text, annotations: [], logprobs: [...logprobs] };
}
