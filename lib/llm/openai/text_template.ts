/**
 * Chunks of one answer are the same but for their text. What surrounds it is learned from one that has
 * been parsed; the next is then compared and cut, which costs a tenth of parsing it.
 */
import { isRecord } from "@/lib/llm/openai/chunks.ts";

const NAME = '"content":';

/** A provider whose chunks differ in more than the text is not tried for ever. */
const MAX_MISSES = 8;

/** Stands for any text while a template is proved; nothing else is likely to be the same. */
const PROBE = "\u2060probe\u2060";

/** What ends a string of JSON, or stands for another character in it, or may not be in it. */
// deno-lint-ignore no-control-regex -- these are the characters meant
const NOT_PLAIN = /["\\\u0000-\u001f]/;

export class TextTemplate {
  #head = "";
  #tail = "";
  #isKnown = false;
  #misses = 0;

  /**
   * The text of a chunk that says nothing but a text of its first choice, and says it like the chunk
   * learned from; null when it has to be parsed.
   */
  textOf(json: string): string | null {
    if (!this.#isKnown) return null;
    const head = this.#head;
    const tail = this.#tail;
    const end = json.length - tail.length;
    // V8 compares a slice several times as fast as `startsWith` does.
    const isSame = end > head.length &&
      json.slice(0, head.length) === head && json.slice(end) === tail;
    if (isSame) {
      const text = json.slice(head.length, end);
      if (!NOT_PLAIN.test(text)) {
        this.#misses = 0;
        return text;
      }
      return null;
    }
    this.#isKnown = false;
    this.#misses += 1;
    return null;
  }

  /**
   * Learns from a chunk, where it is of the plain kind.
   * @param json what `chunk` was parsed from
   */
  learn(json: string, chunk: Record<string, unknown>): void {
    if (this.#isKnown || this.#misses >= MAX_MISSES) return;
    const text = plainText(chunk);
    if (text === null) return;
    const quoted = JSON.stringify(text);
    const name = json.indexOf(NAME);
    const at = name < 0 ? -1 : json.indexOf(quoted, name + NAME.length);
    const head = json.slice(0, at + 1);
    const tail = json.slice(at + quoted.length - 1);
    if (at < 0 || !isProved(head, tail)) {
      this.#misses += 1;
      return;
    }
    this.#head = head;
    this.#tail = tail;
    this.#isKnown = true;
  }
}

/** Whether a text between the two is the text of the chunk, and all that it says. */
function isProved(head: string, tail: string): boolean {
  try {
    return plainText(JSON.parse(head + PROBE + tail)) === PROBE;
  } catch {
    return false;
  }
}

/** The text of a chunk with one choice, the first, that says only that; else null. */
function plainText(chunk: Record<string, unknown>): string | null {
  if ((chunk.error ?? null) !== null || (chunk.usage ?? null) !== null) {
    return null;
  }
  const { choices } = chunk;
  if (!Array.isArray(choices) || choices.length !== 1) return null;
  const [choice] = choices;
  if (!isRecord(choice) || choice.index !== 0 || !isRecord(choice.delta)) {
    return null;
  }
  if ((choice.finish_reason ?? null) !== null) return null;
  for (const [name, value] of Object.entries(choice.delta)) {
    if (name !== "content" && name !== "role" && value !== null) return null;
  }
  const { content } = choice.delta;
  return typeof content === "string" && content !== "" ? content : null;
}
