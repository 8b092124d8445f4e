/**
 * Chunks of a provider with the id and the model name that the caller of one run is to see, and without
 * the usage that the caller did not ask for. Their texts are cut and joined; only what has an unusual
 * shape is parsed and written anew, since this is done for every token.
 */
import { isRecord } from "@/lib/llm/openai/chunks.ts";

export interface RewriterOptions {
  /** `id` of all chunks of the run. */
  id: string;
  /** The name by which the caller has asked for the model. */
  model: string;
  /** Whether the caller has asked for usage. */
  withUsage: boolean;
}

const NO_USAGE = ',"usage":null';

/** A string of JSON in its quotes. */
const STRING = /"(?:[^"\\]|\\.)*"/y;

export class ChunkRewriter {
  readonly #options: RewriterOptions;
  readonly #id: string;
  readonly #model: string;
  /** How chunks of this answer begin, up to id and model, and what is put in place of that. */
  #head: { from: string; to: string } | null = null;

  constructor(options: RewriterOptions) {
    this.#options = options;
    this.#id = JSON.stringify(options.id);
    this.#model = JSON.stringify(options.model);
  }

  /**
   * @param raw a chunk as the provider sent it, which is known to be a JSON object
   * @returns JSON on one line; null when nothing is left that the caller wants to know
   */
  rewrite(raw: string): string | null {
    // White space of JSON that would end a line of the event stream.
    if (raw.includes("\n") || raw.includes("\r")) {
      return this.#rewriteParsed(raw);
    }
    const rest = this.#options.withUsage ? raw : withoutNoUsage(raw);
    if (rest === null || (!this.#options.withUsage && hasUsage(rest))) {
      return this.#rewriteParsed(raw);
    }
    const head = this.#head;
    // V8 compares a slice several times as fast as `startsWith` does.
    if (head !== null && rest.slice(0, head.from.length) === head.from) {
      return head.to + rest.slice(head.from.length);
    }
    this.#head = this.#readHead(rest);
    return this.#head === null
      ? this.#rewriteParsed(raw)
      : this.#head.to + rest.slice(this.#head.from.length);
  }

  /**
   * The beginning of a chunk up to its id and model, if both come before anything nested: other chunks of
   * the answer begin with the same characters.
   */
  #readHead(raw: string): { from: string; to: string } | null {
    let to = "{";
    let at = skipSpace(raw, 1);
    let missing = 2;
    while (missing > 0) {
      const name = stringAt(raw, at);
      if (name === null) return null;
      const colon = skipSpace(raw, at + name.length);
      if (raw[colon] !== ":") return null;
      const from = skipSpace(raw, colon + 1);
      const value = stringAt(raw, from) ?? plainAt(raw, from);
      if (value === null) return null;
      const isId = name === '"id"';
      const isModel = name === '"model"';
      if (isId || isModel) missing -= 1;
      to += `${name}:${isId ? this.#id : isModel ? this.#model : value}`;
      at = from + value.length;
      if (missing === 0) break;
      at = skipSpace(raw, at);
      if (raw[at] !== ",") return null;
      to += ",";
      at = skipSpace(raw, at + 1);
    }
    return { from: raw.slice(0, at), to };
  }

  #rewriteParsed(raw: string): string | null {
    const { id, model, withUsage } = this.#options;
    const chunk: Record<string, unknown> = JSON.parse(raw);
    if (!withUsage && "usage" in chunk) {
      const isOnlyUsage = isRecord(chunk.usage) &&
        Array.isArray(chunk.choices) && chunk.choices.length === 0;
      if (isOnlyUsage) return null;
      delete chunk.usage;
    }
    return JSON.stringify({ ...chunk, id, model });
  }
}

/** The chunk without a usage that is null; null when it is not sure to be the chunk's own. */
function withoutNoUsage(raw: string): string | null {
  const at = raw.lastIndexOf(NO_USAGE);
  if (at < 0) return raw;
  const after = at + NO_USAGE.length;
  const isLast = after === raw.length - 1;
  const choicesEnd = raw.lastIndexOf("]");
  const isOwn = isLast || (choicesEnd >= 0 && choicesEnd < at &&
    !raw.slice(choicesEnd, at).includes("{"));
  return isOwn ? raw.slice(0, at) + raw.slice(after) : null;
}

/** Whether the chunk may hold a usage; inside of a text its quotes would be escaped. */
function hasUsage(raw: string): boolean {
  return raw.includes('"usage"');
}

function skipSpace(text: string, at: number): number {
  while (text[at] === " " || text[at] === "\t") at += 1;
  return at;
}

function stringAt(text: string, at: number): string | null {
  STRING.lastIndex = at;
  return STRING.exec(text)?.[0] ?? null;
}

/** A number or a word such as `null`. */
function plainAt(text: string, at: number): string | null {
  return /^[-+.\w]+/.exec(text.slice(at, at + 40))?.[0] ?? null;
}
