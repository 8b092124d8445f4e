/** The body of a response that is no event stream: a refusal, or an answer in one document. */
import type { AnswerReader } from "@/lib/llm/openai/chunks.ts";
import type { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import type { ResponseHead } from "@/lib/llm/openai/transport.ts";
import type { Delta } from "@/lib/llm/types.ts";

/** Of a refusal only the message counts; of an answer in one document, four million characters do. */
const MAX_REFUSAL_BYTES = 64 * 1024;
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const OTHER_REASON = /context_length|model_not_found/;

/** Collects the bytes of a body up to a bound. */
export class ResponseBody {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  constructor(readonly head: ResponseHead) {}

  /** @returns false when the bound is reached and nothing more needs to be read */
  add(bytes: Uint8Array): boolean {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this.length <
      (this.head.status === 200 ? MAX_DOCUMENT_BYTES : MAX_REFUSAL_BYTES);
  }

  text(): string {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return new TextDecoder().decode(whole);
  }

  /**
   * Whether the same request may pass without `stream_options`. Servers that do not know the field say
   * so in many ways, so any complaint counts that is not clearly about something else.
   */
  isStreamOptionsRefusal(withStreamOptions: boolean): boolean {
    const { status } = this.head;
    if (!withStreamOptions || (status !== 400 && status !== 422)) return false;
    const text = this.text();
    if (/stream_options|include_usage/.test(text)) return true;
    if (OTHER_REASON.test(text)) return false;
    try {
      const param = JSON.parse(text)?.error?.param;
      return typeof param !== "string" || param === "";
    } catch {
      return true;
    }
  }
}

/**
 * Reads a `chat.completion` document into deltas.
 * @throws {ProviderError} when it is an error or no completion
 */
export function readWhole(
  body: ResponseBody,
  chunks: AnswerReader,
  failures: ProviderFailures,
  deltas: Delta[],
): void {
  const type = body.head.header("content-type") ?? "";
  if (/html/i.test(type)) throw failures.malformed("a web page");
  if (body.head.header("content-encoding") !== null) {
    throw failures.malformed("a compressed body");
  }
  chunks.readDocument(body.text(), deltas);
  if (!chunks.finished) throw failures.malformed("JSON without a completion");
}
