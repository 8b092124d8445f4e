/**
 * `TextLineStream`, a stand-in for the one of jsr:@std/streams 1: splits text into lines.
 *
 * Source: https://jsr.io/@std/streams/doc/text-line-stream
 */

/** Options of `TextLineStream`. */
export interface TextLineStreamOptions {
  /** Takes a single `\r` for the end of a line as well; off by default. */
  allowCR?: boolean;
}

/**
 * Turns chunks of text, cut anywhere, into lines without their `\n` or `\r\n`. Text after the last
 * line end is one more line when the stream closes.
 */
export class TextLineStream extends TransformStream<string, string> {
  /** Pieces of the line that has not ended yet; joined once, so long lines stay cheap. */
  readonly #pending: string[] = [];

  constructor(options: TextLineStreamOptions = { allowCR: false }) {
    const allowCR = options.allowCR === true;
    super({
      transform: (chunk, controller) => this.#split(chunk, controller, allowCR),
      flush: (controller) => this.#flush(controller, allowCR),
    });
  }

  #split(
    chunk: string,
    controller: TransformStreamDefaultController<string>,
    allowCR: boolean,
  ): void {
    // A `\r` at the end of what is pending may turn out to begin a `\r\n`.
    const last = this.#pending.at(-1);
    const joined = last?.endsWith("\r") ? this.#pending.pop() + chunk : chunk;
    const pattern = allowCR ? /\r\n|\n|\r(?!$)/ : /\r?\n/;
    const [first, ...rest] = joined.split(pattern);
    if (rest.length === 0) {
      if (first !== "") this.#pending.push(first);
      return;
    }
    controller.enqueue(this.#take() + first);
    const unfinished = rest.pop()!;
    for (const line of rest) controller.enqueue(line);
    if (unfinished !== "") this.#pending.push(unfinished);
  }

  #flush(
    controller: TransformStreamDefaultController<string>,
    allowCR: boolean,
  ): void {
    const line = this.#take();
    if (line === "") return;
    controller.enqueue(
      allowCR && line.endsWith("\r") ? line.slice(0, -1) : line,
    );
  }

  #take(): string {
    return this.#pending.splice(0).join("");
  }
}
