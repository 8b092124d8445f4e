/** `rig.c` in TypeScript, with the same arguments and results, for machines without a C compiler. */
import type { RequestsResult, StreamsResult } from "./rig.ts";

const TOKEN = /"content":"t(\d+)-(\d+) /g;

const [mode, ...words] = Deno.args;
const encoder = new TextEncoder();

/** The clock that all processes of a machine share, in milliseconds with fractions. */
const now = () => performance.timeOrigin + performance.now();

const quantileOf = (values: number[], share: number) =>
  values.sort((one, other) => one - other)[
    Math.max(Math.ceil(share * values.length), 1) - 1
  ] ?? -1;

const spreadOf = (values: number[]) => ({
  p50: quantileOf(values, 0.5),
  p99: quantileOf(values, 0.99),
});

function say(line: string): void {
  // deno-lint-ignore no-console -- the output is the command's result
  console.log(line);
}

function chunk(more: Record<string, unknown>): Uint8Array {
  const whole = {
    id: "chatcmpl-load",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "m1",
    system_fingerprint: "fp_load",
    ...more,
  };
  return encoder.encode(`data: ${JSON.stringify(whole)}\n\n`);
}

const choice = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
});

function answer(intervalMs: number, tokens: number): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent > 0 && intervalMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, intervalMs));
      }
      if (sent < tokens) {
        // Nanoseconds, as the other rig has them.
        const moment = Math.round(now() * 1e6);
        controller.enqueue(chunk(choice({ content: `t${moment}-${sent} ` })));
        sent += 1;
        return;
      }
      controller.enqueue(chunk(choice({}, "stop")));
      controller.enqueue(chunk({
        choices: [],
        usage: {
          prompt_tokens: 9,
          completion_tokens: tokens,
          total_tokens: tokens + 9,
        },
      }));
      controller.enqueue(encoder.encode("data: [DONE]\n\n"));
      controller.close();
    },
  });
}

const WHOLE = {
  id: "chatcmpl-load",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m1",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "The river is high." },
    finish_reason: "stop",
  }],
  usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
};

function upstream(port: number, intervalMs: number, tokens: number): void {
  Deno.serve(
    { port, hostname: "127.0.0.1", onListen: (at) => say(String(at.port)) },
    async (request) => {
      if (request.method === "GET") {
        return Response.json({ object: "list", data: [{ id: "m1" }] });
      }
      const { stream } = await request.json();
      if (!stream) return Response.json(WHOLE);
      return new Response(answer(intervalMs, tokens), {
        headers: { "content-type": "text/event-stream" },
      });
    },
  );
}

/** Asks a question; the header lines are those of `RIG_HEADERS`. */
function ask(stream: boolean, unique: number, signal?: AbortSignal) {
  const [port, path, model] = words;
  const headers = new Headers({
    "content-type": "application/json",
    authorization: "Bearer sk-load",
  });
  for (const line of (Deno.env.get("RIG_HEADERS") ?? "").split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) headers.set(line.slice(0, at), line.slice(at + 1).trim());
  }
  const isSame = Deno.env.get("RIG_SAME") === "1";
  const content = `How high is the river? ${isSame ? 0 : unique}`;
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers,
    signal,
    body: JSON.stringify({
      model,
      // What a cache may keep is asked for so.
      ...(isSame || (unique === 0 && !stream) ? { temperature: 0 } : {}),
      messages: [{ role: "user", content }],
      stream,
    }),
  });
}

async function streams(
  connections: number,
  rampPerSecond: number,
  seconds: number,
): Promise<void> {
  const result: StreamsResult = {
    connections,
    started: 0,
    open: 0,
    finished: 0,
    chunks: 0,
    chunksPerSecond: 0,
    errors: 0,
    dropped: 0,
    disordered: 0,
    ttftMs: { p50: -1, p99: -1 },
    delayMs: { p50: -1, p99: -1 },
    firstError: "",
  };
  const firsts: number[] = [];
  const delays: number[] = [];
  const end = new AbortController();
  const allBegun = Promise.withResolvers<void>();
  let measureFrom = Infinity;
  let begun = 0;
  const begin = () => {
    begun += 1;
    if (begun === connections) allBegun.resolve();
  };
  const read = async (index: number) => {
    let isBegun = false;
    let isWhole = false;
    let next = 0;
    const askedAt = now();
    try {
      const response = await ask(true, index, end.signal);
      if (response.status !== 200) throw new Error(await response.text());
      let rest = "";
      result.open += 1;
      for await (
        const text of response.body!.pipeThrough(new TextDecoderStream())
      ) {
        rest += text;
        let read = 0;
        for (const match of rest.matchAll(TOKEN)) {
          read = match.index + match[0].length;
          const writtenAt = Number(match[1]) / 1e6;
          if (Number(match[2]) !== next) result.disordered += 1;
          next = Number(match[2]) + 1;
          if (!isBegun) {
            isBegun = true;
            firsts.push(now() - askedAt);
            begin();
          }
          if (writtenAt >= measureFrom) {
            result.chunks += 1;
            delays.push(now() - writtenAt);
          }
        }
        isWhole ||= rest.includes("data: [DONE]");
        rest = rest.slice(Math.max(read, rest.length - 100));
      }
      if (isWhole) result.finished += 1;
      else result.dropped += 1;
      result.open -= 1;
    } catch (error) {
      if (end.signal.aborted) return;
      if (isBegun) {
        result.dropped += 1;
        result.open -= 1;
      } else result.errors += 1;
      result.firstError ||= String(error).slice(0, 200);
    } finally {
      if (!isBegun) begin();
    }
  };
  for (let index = 0; index < connections; index += 1) {
    void read(index);
    result.started += 1;
    await new Promise((resolve) => setTimeout(resolve, 1_000 / rampPerSecond));
  }
  await allBegun.promise;
  say("steady");
  measureFrom = now();
  await new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
  result.chunksPerSecond = result.chunks / seconds;
  result.ttftMs = spreadOf(firsts);
  result.delayMs = spreadOf(delays);
  say(JSON.stringify(result));
  Deno.exit(0);
}

async function requests(
  connections: number,
  seconds: number,
  isUnique: boolean,
): Promise<void> {
  const until = now() + 1_000 * seconds;
  const times: number[] = [];
  let number = 0;
  let errors = 0;
  let firstError = "";
  say("steady");
  await Promise.all(Array.from({ length: connections }, async () => {
    while (now() < until) {
      const askedAt = now();
      const response = await ask(false, isUnique ? number++ : 0);
      const text = await response.text();
      times.push(now() - askedAt);
      if (response.status === 200) continue;
      errors += 1;
      firstError ||= text.slice(0, 200);
    }
  }));
  const result: RequestsResult = {
    connections,
    requests: times.length,
    perSecond: times.length / seconds,
    errors,
    ms: spreadOf(times),
    firstError,
  };
  say(JSON.stringify(result));
}

const numbers = words.slice(3).map(Number);
if (mode === "upstream") {
  const [port, microseconds, tokens] = words.map(Number);
  upstream(port, microseconds / 1_000, tokens);
} else if (mode === "streams") {
  await streams(numbers[0], numbers[1], numbers[2]);
} else {
  await requests(numbers[0], numbers[1], numbers[2] === 1);
}
