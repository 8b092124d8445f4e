import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sendResponse, toRequest } from "./node_request.ts";

const DEADLINE_MS = 20_000;

type Answer = (request: Request, signal: AbortSignal) => Promise<Response>;

/** A server that answers as the development middleware does. */
async function withServer(
  answer: Answer,
  body: (url: string) => Promise<void>,
): Promise<void> {
  const server: Server = createServer(
    async (incoming: IncomingMessage, outgoing) => {
      const hangUp = new AbortController();
      outgoing.once("close", () => {
        if (!outgoing.writableFinished) hangUp.abort();
      });
      const request = toRequest(incoming, "http", hangUp.signal);
      await sendResponse(
        outgoing,
        await answer(request, hangUp.signal),
        hangUp.signal,
      );
    },
  );
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  try {
    const { port } = server.address() as AddressInfo;
    await body(`http://127.0.0.1:${port}`);
  } finally {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

/** Fails when `promise` takes longer than the deadline. */
async function inTime(promise: Promise<void>): Promise<void> {
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => deadline.reject(new Error("It did not happen in time")),
    DEADLINE_MS,
  );
  try {
    await Promise.race([promise, deadline.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const send = (url: string, init: RequestInit = {}) =>
  fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), ...init });

function bodyTest(name: string, fn: () => Promise<void>): void {
  // node:http keeps timers for idle connections.
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

bodyTest("toRequest: keeps method, URL, headers and body", () =>
  withServer(
    async (request) =>
      Response.json([
        request.method,
        new URL(request.url).pathname + new URL(request.url).search,
        request.headers.get("x-name"),
        await request.text(),
      ]),
    async (url) => {
      const response = await send(`${url}/a%20b?c=d`, {
        method: "PUT",
        headers: { "x-name": "value" },
        body: "ü".repeat(100_000),
      });
      assert.deepEqual(await response.json(), [
        "PUT",
        "/a%20b?c=d",
        "value",
        "ü".repeat(100_000),
      ]);
    },
  ));

bodyTest(
  "sendResponse: keeps status, headers and each cookie",
  () =>
    withServer(
      () => {
        const headers = new Headers({ "x-name": "value" });
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return Promise.resolve(new Response(null, { status: 418, headers }));
      },
      async (url) => {
        const response = await send(url);
        assert.equal(response.status, 418);
        assert.equal(response.headers.get("x-name"), "value");
        assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
        assert.equal(await response.text(), "");
      },
    ),
);

bodyTest("sendResponse: sends headers and chunks as they come", async () => {
  const next = Promise.withResolvers<void>();
  await withServer(
    () =>
      Promise.resolve(
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(new TextEncoder().encode("first"));
              await next.promise;
              controller.enqueue(new TextEncoder().encode("second"));
              controller.close();
            },
          }),
        ),
      ),
    async (url) => {
      const response = await send(url);
      assert.ok(response.body);
      const reader = response.body.pipeThrough(new TextDecoderStream())
        .getReader();
      assert.equal((await reader.read()).value, "first");
      next.resolve();
      assert.equal((await reader.read()).value, "second");
      assert.equal((await reader.read()).done, true);
    },
  );
});

bodyTest("sendResponse: reads no faster than the client", async () => {
  const chunk = new Uint8Array(1_000_000);
  const limit = 200;
  let pulled = 0;
  const gone = Promise.withResolvers<void>();
  await withServer(
    (_request, signal) => {
      signal.addEventListener("abort", () => gone.resolve());
      return Promise.resolve(
        new Response(
          new ReadableStream({
            pull(controller) {
              if (++pulled > limit) controller.close();
              else controller.enqueue(chunk);
            },
          }, { highWaterMark: 0 }),
        ),
      );
    },
    async (url) => {
      const hangUp = new AbortController();
      const response = await send(url, { signal: hangUp.signal });
      assert.ok(response.body);
      const reader = response.body.getReader();
      await reader.read();
      // A client that has read one chunk of 200 hangs up.
      hangUp.abort();
      await inTime(gone.promise);
      assert.ok(pulled < limit, `${pulled} of ${limit} chunks were read`);
    },
  );
});

bodyTest(
  "sendResponse: leaves the body of a client that is gone uncancelled",
  async () => {
    const gone = Promise.withResolvers<void>();
    let cancelled = false;
    await withServer(
      (_request, signal) => {
        signal.addEventListener("abort", () => gone.resolve());
        return Promise.resolve(
          new Response(
            new ReadableStream({
              start(controller) {
                controller.enqueue(new TextEncoder().encode("first"));
              },
              cancel() {
                cancelled = true;
              },
            }),
          ),
        );
      },
      async (url) => {
        const hangUp = new AbortController();
        const response = await send(url, { signal: hangUp.signal });
        assert.ok(response.body);
        await response.body.getReader().read();
        hangUp.abort();
        await inTime(gone.promise);
        await Promise.resolve();
        assert.equal(cancelled, false);
      },
    );
  },
);
