/** A server for tests of the page's logic: answers `fetch` with streams that the test writes itself. */
import type { RunEvent } from "@/lib/shared/wire.ts";
import type { Fetch } from "@/lib/shared/chat/requests.ts";
import type { PageWatch } from "@/lib/shared/chat/run_stream.ts";

export interface RecordedCall {
  method: string;
  path: string;
  // deno-lint-ignore no-explicit-any -- tests reach into bodies of any shape
  body: any;
  headers: Headers;
}

/** An open stream of server-sent events. */
export class FakeStream {
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  isCancelled = false;
  readonly response: Response;

  constructor(headers: Record<string, string> = {}) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => void (this.isCancelled = true),
    });
    this.response = new Response(body, {
      headers: { "content-type": "text/event-stream", ...headers },
    });
  }

  write(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  /** Sends events with the ids `epoch.seq`, counted from `seq`. */
  send(events: RunEvent[], seq: number, epoch = 1): void {
    events.forEach(({ event, data }, index) =>
      this.write(
        `id: ${epoch}.${seq + index}\nevent: ${event}\ndata: ${
          JSON.stringify(data)
        }\n\n`,
      )
    );
  }

  /** Ends the stream as a cut connection does. */
  cut(): void {
    this.#controller.error(new TypeError("connection reset"));
  }

  end(): void {
    this.#controller.close();
  }
}

type Answer = (call: RecordedCall) => Response | Promise<Response>;

/** Answers calls in the order in which answers were queued for `METHOD path`. */
export class FakeServer {
  readonly calls: RecordedCall[] = [];
  readonly #answers = new Map<string, Answer[]>();

  on(route: string, ...answers: Answer[]): void {
    this.#answers.set(route, [...this.#answers.get(route) ?? [], ...answers]);
  }

  callsOf(route: string): RecordedCall[] {
    return this.calls.filter(({ method, path }) =>
      `${method} ${path}` === route
    );
  }

  readonly fetch: Fetch = async (path, init) => {
    const call = {
      method: init.method ?? "GET",
      path,
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      headers: new Headers(init.headers),
    };
    this.calls.push(call);
    const answer = this.#answers.get(`${call.method} ${path}`)?.shift();
    if (answer === undefined) throw new TypeError(`no answer for ${path}`);
    return await answer(call);
  };
}

/** A page that a test shows and hides. */
export class FakePage implements PageWatch {
  #isHidden = false;
  readonly #callbacks = new Set<(isBackOnline: boolean) => void>();

  isHidden(): boolean {
    return this.#isHidden;
  }

  onChange(callback: (isBackOnline: boolean) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  set(isHidden: boolean): void {
    this.#isHidden = isHidden;
    for (const callback of [...this.#callbacks]) callback(false);
  }

  /** Tells that the network is back. */
  online(): void {
    for (const callback of [...this.#callbacks]) callback(true);
  }
}

export function problem(
  status: number,
  code: string,
  more: Record<string, unknown> = {},
): Response {
  return Response.json(
    {
      title: code,
      status,
      detail: `It is ${code}.`,
      code,
      requestId: "req_1",
      ...more,
    },
    { status, headers: { "content-type": "application/problem+json" } },
  );
}

/** Resolves when the condition holds. @throws {Error} after 5 s */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("Condition never held");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export const START: RunEvent = {
  event: "start",
  data: {
    runId: "run_1",
    threadId: "thr_1",
    messageId: "msg_answer",
    model: "m",
    cache: null,
  },
};

export const chunk = (content: string): RunEvent => ({
  event: "chunk",
  data: { content },
});

export function done(
  status: "completed" | "cancelled" | "interrupted" = "completed",
): RunEvent {
  return {
    event: "done",
    data: { status, finishReason: "stop", usage: null, costMicroUsd: null },
  };
}
