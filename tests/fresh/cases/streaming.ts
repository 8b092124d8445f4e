import assert from "node:assert/strict";
import { eventually, type Send } from "../support/http.ts";

const STREAM_DEADLINE_MS = 30_000;

/** Streams that begin before they are complete, hang-ups and WebSockets. */
export function streamingCases(send: Send, baseUrl: () => string): void {
  const open = async (id: string, signal: AbortSignal) => {
    const response = await fetch(`${baseUrl()}/stream/events/${id}`, {
      signal,
    });
    assert.ok(response.body);
    const reader = response.body.pipeThrough(new TextDecoderStream())
      .getReader();
    return { response, reader };
  };
  const stateOf = async (id: string) =>
    JSON.parse((await send(`/stream/state/${id}`)).text);

  Deno.test("streaming: an event arrives before the next one exists", async () => {
    const id = crypto.randomUUID();
    const { response, reader } = await open(
      id,
      AbortSignal.timeout(STREAM_DEADLINE_MS),
    );
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal((await reader.read()).value, "data: first\n\n");
    await send(`/stream/release/${id}`, { method: "POST" });
    assert.equal((await reader.read()).value, "data: second\n\n");
    assert.equal((await reader.read()).done, true);
  });

  Deno.test("streaming: a hang-up cancels the stream and aborts the request's signal", async () => {
    const id = crypto.randomUUID();
    const hangUp = new AbortController();
    const { reader } = await open(id, hangUp.signal);
    await reader.read();
    assert.deepEqual(await stateOf(id), { cancelled: false, aborted: false });
    hangUp.abort();
    await reader.closed.catch(() => {});
    await eventually("both are told", async () => {
      const { cancelled, aborted } = await stateOf(id);
      return cancelled && aborted;
    });
  });

  Deno.test("ctx.stream: sends what a generator yields", async () => {
    assert.equal((await send("/stream/iterable")).text, "one two");
  });

  for (
    const [path, answer] of [["/socket/upgrade", "echo hi"], [
      "/socket/ws",
      "ws hi",
    ]]
  ) {
    Deno.test(`WebSocket: ${path} answers a message`, async () => {
      const socket = new WebSocket(baseUrl().replace(/^http/, "ws") + path);
      const received = Promise.withResolvers<unknown>();
      const closed = Promise.withResolvers<void>();
      socket.onopen = () => socket.send("hi");
      socket.onmessage = (event) => received.resolve(event.data);
      socket.onerror = () => received.reject(new Error("The socket failed"));
      socket.onclose = () => closed.resolve();
      try {
        assert.equal(await received.promise, answer);
      } finally {
        socket.close();
        await closed.promise;
      }
    });
  }

  Deno.test("ctx.upgrade: refuses a request that asks for no upgrade", async () => {
    assert.equal((await send("/socket/upgrade")).status, 400);
  });
}
