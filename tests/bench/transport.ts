/**
 * What one chunk of a token stream costs in CPU, all in one run: Freshet's transport with deltas and
 * deadlines, the `openai` package's own stream, and the bare ways to read it, which only parse: node:http,
 * and a `fetch` body by default and into a buffer of our own. Figures of different machines do not
 * compare; the ratios of one run do. `deno run -A tests/bench/transport.ts` prints them.
 */
import { once } from "node:events";
import http from "node:http";
import process from "node:process";
import { createParser } from "eventsource-parser";
import OpenAI from "openai";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import { startProvider } from "./provider_process.ts";

export interface TransportCosts {
  /** CPU time per chunk, user and system, in microseconds. */
  microsecondsPerChunk: {
    lean: number;
    nodeHttp: number;
    fetch: number;
    fetchByob: number;
    sdk: number;
  };
  /** Freshet's transport over the `openai` package's stream; below 1 is cheaper. */
  leanToSdk: number;
  /** Freshet's transport over a `fetch` body that is read by default and only parsed. */
  leanToFetch: number;
  /** Bare node:http over a `fetch` body that is read into a buffer of our own. */
  nodeHttpToFetchByob: number;
}

export interface TransportLoad {
  streams: number;
  tokensPerStream: number;
  tokensPerSecond: number;
  /** Rounds of all; the cheapest of each counts. */
  rounds: number;
}

const LOAD: TransportLoad = {
  streams: 100,
  tokensPerStream: 240,
  tokensPerSecond: 80,
  rounds: 2,
};
const DEADLINE_MS = 120_000;

/** Reads one answer to its end and gives back the number of its text chunks. */
type Reader = (signal: AbortSignal) => Promise<number>;

const MESSAGES = [{ role: "user" as const, content: "Go on" }];

function leanReader(provider: OpenAIProvider): Reader {
  return async (signal) => {
    let chunks = 0;
    const request = { model: "fake-1", messages: MESSAGES };
    for await (const delta of provider.stream(request, signal)) {
      if (delta.type === "text") chunks++;
    }
    return chunks;
  };
}

function sdkReader(url: string): Reader {
  const client = new OpenAI({ apiKey: "none", baseURL: url });
  return async (signal) => {
    let chunks = 0;
    const stream = await client.chat.completions.create(
      { model: "fake-1", messages: MESSAGES, stream: true },
      { signal },
    );
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) chunks++;
    }
    return chunks;
  };
}

const BUFFER_BYTES = 4096;

/** The reads of a body one after the other, by default or into one buffer that is used again. */
async function* reads(
  body: ReadableStream<Uint8Array>,
  ownBuffer: boolean,
): AsyncGenerator<Uint8Array> {
  if (!ownBuffer) return yield* body;
  const reader = body.getReader({ mode: "byob" });
  let buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const { done, value } = await reader.read(buffer);
    if (done || value === undefined) return;
    yield value;
    buffer = new Uint8Array(value.buffer);
  }
}

const BODY = JSON.stringify({
  model: "fake-1",
  messages: MESSAGES,
  stream: true,
});

/** The least that a reader of a token stream does: decode, split into events, parse. */
class ChunkCounter {
  chunks = 0;
  private readonly decoder = new TextDecoder();
  private readonly parser = createParser({
    onEvent: ({ data }) => {
      if (data === "[DONE]") return;
      if (JSON.parse(data).choices[0]?.delta.content) this.chunks++;
    },
  });

  feed(bytes: Uint8Array): void {
    this.parser.feed(this.decoder.decode(bytes, { stream: true }));
  }
}

function nodeHttpReader(url: string, agent: http.Agent): Reader {
  return async (signal) => {
    const request = http.request(`${url}/chat/completions`, {
      method: "POST",
      agent,
      signal,
    });
    request.end(BODY);
    const [response] = await once(request, "response");
    const counter = new ChunkCounter();
    response.on("data", (bytes: Uint8Array) => counter.feed(bytes));
    await once(response, "end");
    return counter.chunks;
  };
}

function fetchReader(url: string, ownBuffer: boolean): Reader {
  return async (signal) => {
    const counter = new ChunkCounter();
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      signal,
      headers: { "content-type": "application/json" },
      body: BODY,
    });
    for await (const bytes of reads(response.body!, ownBuffer)) {
      counter.feed(bytes);
    }
    return counter.chunks;
  };
}

async function measure(reader: Reader, load: TransportLoad): Promise<number> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const before = process.cpuUsage();
  const counts = await Promise.all(
    Array.from({ length: load.streams }, () => reader(signal)),
  );
  const { user, system } = process.cpuUsage(before);
  const chunks = counts.reduce((sum, count) => sum + count, 0);
  const expected = load.streams * load.tokensPerStream;
  if (chunks !== expected) {
    throw new Error(`Read ${chunks} chunks of ${expected}`);
  }
  return (user + system) / chunks;
}

/** Measures all under the same load. Takes about a minute with the default load. */
export async function transportCosts(
  options: Partial<TransportLoad> = {},
): Promise<TransportCosts> {
  const load = { ...LOAD, ...options };
  const upstream = await startProvider(
    load.tokensPerStream,
    load.tokensPerSecond,
  );
  const provider = new OpenAIProvider({ id: "bench", baseUrl: upstream.url });
  const agent = new http.Agent({ keepAlive: true });
  const readers = {
    lean: leanReader(provider),
    nodeHttp: nodeHttpReader(upstream.url, agent),
    fetch: fetchReader(upstream.url, false),
    fetchByob: fetchReader(upstream.url, true),
    sdk: sdkReader(upstream.url),
  };
  const best = {
    lean: Infinity,
    nodeHttp: Infinity,
    fetch: Infinity,
    fetchByob: Infinity,
    sdk: Infinity,
  };
  try {
    for (const reader of Object.values(readers)) {
      await reader(AbortSignal.timeout(DEADLINE_MS));
    }
    for (let round = 0; round < load.rounds; round++) {
      for (const name of Object.keys(best) as (keyof typeof best)[]) {
        best[name] = Math.min(best[name], await measure(readers[name], load));
      }
    }
  } finally {
    provider.close();
    agent.destroy();
    await upstream[Symbol.asyncDispose]();
  }
  return {
    microsecondsPerChunk: best,
    leanToSdk: best.lean / best.sdk,
    leanToFetch: best.lean / best.fetch,
    nodeHttpToFetchByob: best.nodeHttp / best.fetchByob,
  };
}

if (import.meta.main) {
  const { microsecondsPerChunk, ...ratios } = await transportCosts();
  for (const [name, cost] of Object.entries(microsecondsPerChunk)) {
    console.log(`${name.padEnd(20)} ${cost.toFixed(1)} µs CPU per chunk`);
  }
  for (const [name, ratio] of Object.entries(ratios)) {
    console.log(`${name.padEnd(20)} ${ratio.toFixed(2)}`);
  }
}
