/**
 * Reads `multipart/form-data` (RFC 7578) part by part as it comes, so that a file in it may be of any size:
 * nothing of it is held but what one read of the connection brings.
 */
import { AppError } from "@/lib/errors.ts";

/** A part of a form. Its body has to be read, or cancelled, before the next part comes. */
export interface FormPart {
  name: string;
  /** As the client says it; null: a field and no file. */
  filename: string | null;
  /** Null: the client does not say. */
  mediaType: string | null;
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

export interface MultipartOptions {
  /** Nothing has come for so long: the client is given up. Milliseconds. */
  idleMs: number;
  /** Of the whole form. */
  maxBytes: number;
  /** Made and thrown as soon as there are more. */
  tooLarge: () => AppError;
  signal: AbortSignal;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Headers of one part, in bytes. */
const MAX_HEADER_BYTES = 16_384;
/** RFC 2046, 5.1.1. */
const MAX_BOUNDARY_CHARACTERS = 70;
const CR = 13;
const NEW_LINE = new TextEncoder().encode("\r\n");
const EMPTY_LINE = new TextEncoder().encode("\r\n\r\n");

/** The parts of a request's form, in the order in which they come. */
export async function* readMultipart(
  request: Request,
  options: MultipartOptions,
): AsyncGenerator<FormPart, void, void> {
  const boundary = boundaryOf(request.headers.get("content-type"));
  if (request.body === null) throw broken("The form has no body.");
  const source = new Source(request.body.getReader(), options);
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  try {
    // The first boundary has no line before it.
    source.prepend(NEW_LINE);
    await skipBody(source, delimiter);
    while (await isNextPart(source)) {
      const headers = readHeaders(await source.until(EMPTY_LINE));
      const body = new PartBody(source, delimiter);
      yield { ...headers, body: body.stream };
      await body.skip();
    }
  } finally {
    await source.end();
  }
}

/** Bytes of the connection, with those that were read too far. */
class Source {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: MultipartOptions;
  buffer: Bytes = new Uint8Array();
  #isOver = false;
  #received = 0;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    options: MultipartOptions,
  ) {
    this.#reader = reader;
    this.#options = options;
  }

  prepend(bytes: Bytes): void {
    this.buffer = joined(bytes, this.buffer);
  }

  take(length: number): Bytes {
    const taken = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return taken;
  }

  /** Reads on. @throws {AppError} 400 `body_broken_off`, 408 `body_timeout` */
  async fill(): Promise<void> {
    const { idleMs, maxBytes, signal, tooLarge } = this.#options;
    signal.throwIfAborted();
    let isLate = false;
    const giveUp = () => void this.#reader.cancel().catch(() => {});
    const timer = setTimeout(() => {
      isLate = true;
      giveUp();
    }, idleMs);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const { done, value } = await this.#reader.read().catch((cause) => {
        throw brokenOff(cause);
      });
      signal.throwIfAborted();
      if (isLate) {
        throw new AppError({
          status: 408,
          code: "body_timeout",
          message: `Nothing of the upload has come for ${idleMs / 1_000} s.`,
        });
      }
      if (done) {
        this.#isOver = true;
        throw brokenOff(null);
      }
      this.#received += value.length;
      if (this.#received > maxBytes) throw tooLarge();
      this.buffer = this.buffer.length === 0
        ? value as Bytes
        : joined(this.buffer, value);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  async least(length: number): Promise<void> {
    while (this.buffer.length < length) await this.fill();
  }

  /** What comes before a mark, which is taken too. */
  async until(mark: Bytes): Promise<Bytes> {
    // A part without headers begins with the empty line itself.
    for (;;) {
      const at = find(this.buffer, mark);
      if (at !== -1) {
        const before = this.take(at);
        this.take(mark.length);
        return before;
      }
      if (this.buffer.length > MAX_HEADER_BYTES) {
        throw broken("The headers of a part are too long.");
      }
      await this.fill();
    }
  }

  /** Takes the rest, so that the connection can be used again, or gives it up. */
  async end(): Promise<void> {
    if (!this.#isOver) await this.#reader.cancel().catch(() => {});
  }
}

/** Up to the next boundary, which is taken too. */
class PartBody {
  readonly #source: Source;
  readonly #delimiter: Bytes;
  readonly stream: ReadableStream<Bytes>;
  #isOver = false;

  constructor(source: Source, delimiter: Bytes) {
    this.#source = source;
    this.#delimiter = delimiter;
    this.stream = new ReadableStream<Bytes>({
      pull: async (controller) => {
        const bytes = await this.#next();
        if (bytes === null) controller.close();
        else controller.enqueue(bytes);
      },
    }, { highWaterMark: 0 });
  }

  /** Reads what nobody has read. */
  async skip(): Promise<void> {
    while (await this.#next() !== null);
  }

  /** Null at the end. */
  async #next(): Promise<Bytes | null> {
    if (this.#isOver) return null;
    const source = this.#source;
    for (;;) {
      const at = find(source.buffer, this.#delimiter);
      if (at === 0) {
        this.#isOver = true;
        source.take(this.#delimiter.length);
        return null;
      }
      // What may be the beginning of a boundary waits for what follows.
      const sure = at === -1
        ? source.buffer.length - this.#delimiter.length + 1
        : at;
      if (sure > 0) return source.take(sure);
      await source.fill();
    }
  }
}

async function skipBody(source: Source, delimiter: Bytes): Promise<void> {
  await new PartBody(source, delimiter).skip();
}

/** What follows a boundary: another part, or `--` and the end. */
async function isNextPart(source: Source): Promise<boolean> {
  await source.least(2);
  if (source.buffer[0] === 0x2d && source.buffer[1] === 0x2d) return false;
  const rest = await source.until(NEW_LINE);
  if (rest.some((byte) => byte !== 0x20 && byte !== 0x09)) {
    throw broken("What follows a boundary is no line of its own.");
  }
  // The headers end with an empty line, also where there are none.
  source.prepend(NEW_LINE);
  return true;
}

function readHeaders(bytes: Bytes): Omit<FormPart, "body"> {
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  let disposition: string | null = null;
  let mediaType: string | null = null;
  for (const line of lines) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, Math.max(colon, 0)).trim().toLowerCase()) {
      case "content-disposition":
        disposition = value;
        break;
      case "content-type":
        mediaType = value;
    }
  }
  if (disposition === null || !/^form-data\s*(;|$)/i.test(disposition)) {
    throw broken("A part does not say that it is of a form.");
  }
  const name = parameter(disposition, "name");
  if (name === null) throw broken("A part has no name.");
  return { name, filename: parameter(disposition, "filename"), mediaType };
}

/** A parameter of a header as browsers write it: quotes and ends of lines are escaped by percent. */
function parameter(header: string, name: string): string | null {
  const quoted = new RegExp(`;\\s*${name}="((?:\\\\.|[^"\\\\]|\\\\)*)"`, "i")
    .exec(header);
  if (quoted !== null) {
    return quoted[1].replace(/\\(["\\])/g, "$1").replaceAll("%22", '"')
      .replace(/%0D/gi, "\r").replace(/%0A/gi, "\n");
  }
  return new RegExp(`;\\s*${name}=([^;"\\s]+)`, "i").exec(header)?.[1] ?? null;
}

/** @throws {AppError} 415 for another type, 400 for one that names no boundary */
function boundaryOf(contentType: string | null): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? "")) {
    throw new AppError({
      status: 415,
      code: "unsupported_media_type",
      message: "Send the file as multipart/form-data.",
    });
  }
  const boundary = parameter(contentType!, "boundary");
  if (
    boundary === null || boundary.length > MAX_BOUNDARY_CHARACTERS ||
    !/^[\x21-\x7e ]+$/.test(boundary)
  ) throw broken("The content type names no boundary.");
  return boundary;
}

function find(bytes: Bytes, mark: Bytes): number {
  // Each mark begins with a carriage return.
  let at = bytes.indexOf(CR);
  while (at !== -1 && at + mark.length <= bytes.length) {
    let place = 1;
    while (place < mark.length && bytes[at + place] === mark[place]) place += 1;
    if (place === mark.length) return at;
    at = bytes.indexOf(CR, at + 1);
  }
  return -1;
}

function joined(first: Uint8Array, second: Uint8Array): Bytes {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function broken(message: string): AppError {
  return new AppError({ status: 400, code: "invalid_multipart", message });
}

function brokenOff(cause: unknown): AppError {
  return new AppError({
    status: 400,
    code: "body_broken_off",
    message: "The upload broke off before its end.",
    cause,
  });
}
