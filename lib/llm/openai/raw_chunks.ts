/** The events of a streamed chat completion for who passes them on as they came. */
import {
  type AnswerReader,
  isRecord,
  parseChunk,
  usageFrom,
} from "@/lib/llm/openai/chunks.ts";
import { deltaText } from "@/lib/llm/openai/chunk_text.ts";
import { toChunks } from "@/lib/llm/openai/document_chunks.ts";
import type { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { TextTemplate } from "@/lib/llm/openai/text_template.ts";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";

/** Fields of a choice's delta that hold no part of an answer. */
const WITHOUT_CONTENT: ReadonlySet<string> = new Set(["role"]);

/**
 * Gives one delta with `raw` for each event, and further ones without `raw` where an event says more
 * than one thing. Events before the first that holds a part of the answer wait for that one, so that a
 * provider which greets and then falls silent has not begun to answer.
 */
export class RawChunkReader implements AnswerReader {
  done = false;
  readonly #context: { failures: ProviderFailures; model: string };
  /** How many choices were asked for. */
  readonly #choices: number;
  readonly #seen = new Set<number>();
  readonly #ended = new Set<number>();
  readonly #template = new TextTemplate();
  #held: Delta[] | null = [];
  /** Finish reasons of the choices but the first, which comes before them. */
  readonly #laterFinishes: Delta[] = [];
  /** Usage that came beside a part of the answer; the last one counts. */
  #usage: TokenUsage | null = null;

  constructor(
    failures: ProviderFailures,
    model: string,
    params: Readonly<Record<string, unknown>> = {},
  ) {
    this.#context = { failures, model };
    this.#choices = typeof params.n === "number" ? params.n : 1;
  }

  get finished(): boolean {
    return this.done || (this.#ended.size >= this.#choices &&
      this.#ended.size === this.#seen.size);
  }

  read(data: string, name: string | undefined, deltas: Delta[]): void {
    if (this.done) return;
    if (data === "[DONE]") {
      this.done = true;
      return;
    }
    const isNamed = name !== undefined;
    const text = isNamed ? null : this.#template.textOf(data);
    // The chunk that the template is from has been taken, so its choice is known.
    if (text !== null) {
      this.#give({ type: "text", text, raw: data }, true, deltas);
      return;
    }
    const chunk = parseChunk(data, name, this.#context);
    if (!isNamed) this.#template.learn(data, chunk);
    this.#take(chunk, data, deltas);
  }

  readDocument(json: string, deltas: Delta[]): void {
    const document = parseChunk(json, undefined, this.#context);
    for (const chunk of toChunks(document)) {
      this.#take(chunk, JSON.stringify(chunk), deltas);
    }
  }

  end(deltas: Delta[]): void {
    this.#release(deltas);
    deltas.push(...this.#laterFinishes);
    if (this.#usage !== null) {
      deltas.push({ type: "usage", usage: this.#usage });
    }
  }

  #take(
    chunk: Record<string, unknown>,
    raw: string,
    deltas: Delta[],
  ): void {
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    const usage = usageFrom(chunk.usage);
    if (choices.length === 0) {
      const delta: Delta = usage === null
        ? { type: "text", text: "", raw }
        : { type: "usage", usage, raw };
      if (usage !== null) this.#usage = null;
      this.#give(delta, usage !== null, deltas);
      return;
    }
    if (usage !== null) this.#usage = usage;
    let isPart = false;
    const said: Delta[] = [];
    for (const choice of choices) {
      if (!isRecord(choice)) continue;
      const index = Number(choice.index ?? 0);
      this.#seen.add(index);
      isPart = hasPart(choice) || isPart;
      if (index === 0) readFirst(choice, said);
      this.#takeFinish(choice, index, said);
    }
    const [first = { type: "text", text: "" } as Delta, ...more] = said;
    first.raw = raw;
    this.#give(first, isPart, deltas);
    deltas.push(...more);
  }

  #takeFinish(
    { finish_reason: reason }: Record<string, unknown>,
    index: number,
    said: Delta[],
  ): void {
    if (typeof reason !== "string" || this.#ended.has(index)) return;
    this.#ended.add(index);
    const delta: Delta = { type: "finish", reason };
    if (index === 0) said.push(delta);
    else this.#laterFinishes.push(delta);
  }

  #give(delta: Delta, isPart: boolean, deltas: Delta[]): void {
    if (this.#held !== null && !isPart) {
      this.#held.push(delta);
      return;
    }
    this.#release(deltas);
    deltas.push(delta);
  }

  #release(deltas: Delta[]): void {
    if (this.#held === null) return;
    deltas.push(...this.#held);
    this.#held = null;
  }
}

/** Whether a choice holds a part of an answer: a finish, or anything in its delta but a role. */
function hasPart(choice: Record<string, unknown>): boolean {
  if (typeof choice.finish_reason === "string") return true;
  const { delta } = choice;
  return isRecord(delta) &&
    Object.entries(delta).some(([name, value]) =>
      !WITHOUT_CONTENT.has(name) && value !== null && value !== "" &&
      !(Array.isArray(value) && value.length === 0)
    );
}

/** What the first choice says. */
function readFirst({ delta }: Record<string, unknown>, said: Delta[]): void {
  if (!isRecord(delta)) return;
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === "string" && reasoning !== "") {
    said.push({ type: "reasoning", text: reasoning });
  }
  const text = deltaText(delta);
  if (text !== "") said.push({ type: "text", text });
  const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
  for (const call of calls) {
    if (isRecord(call)) said.push({ type: "tool", call });
  }
  if (isRecord(delta.function_call)) {
    const call = { index: 0, function: delta.function_call };
    said.push({ type: "tool", call });
  }
}
