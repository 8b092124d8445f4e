/**
 * The whole `chat.completion` out of the chunks of its stream
 * (https://platform.openai.com/docs/api-reference/chat/object): providers are always asked to stream.
 */
import { isRecord } from "@/lib/llm/openai/chunks.ts";

type Json = Record<string, unknown>;

/** One choice while its parts come. */
interface Choice {
  index: number;
  message: Json;
  toolCalls: Json[];
  logprobs: Json | null;
  finishReason: unknown;
  /** Fields of the choice that are not OpenAI's. */
  rest: Json;
}

export class Assembly {
  #head: Json = {};
  #usage: unknown = null;
  readonly #choices = new Map<number, Choice>();

  /** Takes a chunk, as JSON that is known to be an object. */
  add(json: string): void {
    const { choices, usage, object: _, ...head }: Json = JSON.parse(json);
    this.#head = { ...this.#head, ...head };
    if (isRecord(usage)) this.#usage = usage;
    for (const choice of Array.isArray(choices) ? choices : []) {
      if (isRecord(choice)) this.#addChoice(choice);
    }
  }

  /** @param usage in place of what the provider has not reported */
  whole(usage: Json): Json {
    const { id, created, model, ...rest } = this.#head;
    return {
      id,
      object: "chat.completion",
      created,
      model,
      choices: [...this.#choices.values()]
        .sort((a, b) => a.index - b.index)
        .map(toChoice),
      usage: this.#usage ?? usage,
      ...rest,
    };
  }

  #addChoice({ index: place, delta, logprobs, finish_reason, ...rest }: Json) {
    const index = typeof place === "number" ? place : 0;
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = {
        index,
        message: {},
        toolCalls: [],
        logprobs: null,
        finishReason: null,
        rest: {},
      };
      this.#choices.set(index, choice);
    }
    Object.assign(choice.rest, rest);
    if (isRecord(delta)) addDelta(choice, delta);
    if (isRecord(logprobs)) {
      choice.logprobs ??= {};
      join(choice.logprobs, logprobs);
    }
    choice.finishReason = finish_reason ?? choice.finishReason;
  }
}

function toChoice(
  { index, message, toolCalls, logprobs, finishReason, rest }: Choice,
): Json {
  const { role, content, refusal, ...more } = message;
  const says = content ?? (toolCalls.length > 0 || refusal ? null : "");
  return {
    index,
    message: {
      role: role ?? "assistant",
      content: toolCalls.length > 0 && says === "" ? null : says,
      refusal: refusal === "" ? null : refusal ?? null,
      ...more,
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    },
    logprobs,
    finish_reason: finishReason ?? "stop",
    ...rest,
  };
}

function addDelta(choice: Choice, delta: Json): void {
  const { role, tool_calls: calls, function_call: call, ...parts } = delta;
  // Some repeat it with each chunk.
  if (typeof role === "string") choice.message.role = role;
  join(choice.message, parts);
  for (const each of Array.isArray(calls) ? calls : []) {
    if (isRecord(each)) addCall(choice.toolCalls, each);
  }
  if (isRecord(call)) {
    const before = choice.message.function_call;
    choice.message.function_call = withFunction(
      isRecord(before) ? before : {},
      call,
    );
  }
}

/** A part of a tool call; whoever leaves out its number goes on with the last one, or begins another. */
function addCall(calls: Json[], { index, ...part }: Json): void {
  const isNew = calls.length === 0 ||
    (typeof part.id === "string" && part.id !== "" &&
      part.id !== calls[calls.length - 1].id);
  const place = typeof index === "number" && index >= 0 && index < MAX_CALLS
    ? index
    : isNew
    ? calls.length
    : calls.length - 1;
  while (calls.length <= place) {
    calls.push({ id: "", type: "function", function: emptyFunction() });
  }
  const call = calls[place];
  const { function: called, ...fields } = part;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== "") call[name] = value;
  }
  if (isRecord(called)) {
    call.function = withFunction(
      isRecord(call.function) ? call.function : emptyFunction(),
      called,
    );
  }
}

/** Beyond it a number is a mistake. */
const MAX_CALLS = 1_000;

function emptyFunction(): Json {
  return { name: "", arguments: "" };
}

/** The name comes once, or again and again; the arguments come in pieces. */
function withFunction(before: Json, part: Json): Json {
  const { name, arguments: piece } = part;
  return {
    ...before,
    ...(typeof name === "string" && name !== "" ? { name } : {}),
    arguments: String(before.arguments ?? "") +
      (typeof piece === "string" ? piece : ""),
  };
}

/** Texts and lists go on where they ended; of anything else the newest counts. */
function join(into: Json, part: Json): void {
  for (const [name, value] of Object.entries(part)) {
    const old = into[name];
    if (typeof old === "string" && typeof value === "string") {
      into[name] = old + value;
    } else if (Array.isArray(old) && Array.isArray(value)) {
      for (const each of value) old.push(each);
    } else if (value !== null || old === undefined) into[name] = value;
  }
}
