/** Context: the ways to answer, and what a request looks like. */
import assert from "node:assert/strict";
import { App } from "./app.ts";
import type { Context } from "./context.ts";
import { client } from "./testing.ts";

const DEADLINE_MS = 10_000;

function answering(
  handler: (ctx: Context<unknown>) => Response | Promise<Response>,
  path = "/",
): Promise<Response> {
  const pathname = new URL(path, "http://localhost").pathname;
  return client(new App().get(pathname, handler))(path);
}

Deno.test("ctx.redirect: keeps query and hash, never leads to another host", async () => {
  const cases: [given: string, location: string][] = [
    ["/a?b=//c#d//e", "/a?b=//c#d//e"],
    ["//evil.example/x", "/evil.example/x"],
    ["/\\evil.example", "/evil.example"],
    ["\\\\evil.example", "/evil.example"],
    ["/a//b", "/a/b"],
    ["https://other.example/x", "https://other.example/x"],
    ["sibling", "sibling"],
  ];
  for (const [given, location] of cases) {
    const response = await answering((ctx) => ctx.redirect(given));
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), location, given);
  }
  const moved = await answering((ctx) => ctx.redirect("/a", 308));
  assert.equal(moved.status, 308);
});

Deno.test("ctx.redirect: a partial request stays one", async () => {
  const response = await answering(
    (ctx) => ctx.redirect("/a?b=1#c"),
    "/?fresh-partial=true",
  );
  assert.equal(
    response.headers.get("location"),
    "/a?b=1&fresh-partial=true#c",
  );
});

Deno.test("ctx.json, text and html: body, type and init", async () => {
  const json = await answering((ctx) => ctx.json({ a: 1 }, { status: 201 }));
  assert.equal(json.status, 201);
  assert.deepEqual(await json.json(), { a: 1 });
  const text = await answering((ctx) =>
    ctx.text("t", { headers: { "x-a": "1" } })
  );
  assert.equal(text.headers.get("x-a"), "1");
  assert.match(text.headers.get("content-type") ?? "", /^text\/plain/);
  const html = await answering((ctx) => ctx.html("<p>"));
  assert.equal(html.headers.get("content-type"), "text/html; charset=utf-8");
});

Deno.test("ctx.stream: strings and bytes, from a function or an iterable", async () => {
  const fromFunction = await answering((ctx) =>
    ctx.stream(async function* () {
      yield "a";
      await Promise.resolve();
      yield "é";
    }, { headers: { "content-type": "text/event-stream" } })
  );
  assert.equal(fromFunction.headers.get("content-type"), "text/event-stream");
  assert.equal(await fromFunction.text(), "aé");
  const fromBytes = await answering((ctx) =>
    ctx.stream([new Uint8Array([65, 66])])
  );
  assert.equal(await fromBytes.text(), "AB");
});

Deno.test("ctx.stream: the source ends when the client goes away", async () => {
  let isClosed = false;
  const response = await answering((ctx) =>
    ctx.stream(function* () {
      try {
        while (true) yield "tick";
      } finally {
        isClosed = true;
      }
    })
  );
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(isClosed, true);
});

Deno.test("ctx: url, params, state, route and config of a request", async () => {
  const app = new App<{ user?: string }>({ mode: "development" })
    .use((ctx) => {
      ctx.state.user = "ann";
      return ctx.next();
    })
    .get("/t/:id", (ctx) => {
      ctx.url.searchParams.set("changed", "yes");
      return ctx.json({
        id: ctx.params.id,
        proto: Object.getPrototypeOf(ctx.params),
        user: ctx.state.user,
        route: ctx.route,
        mode: ctx.config.mode,
        search: ctx.url.search,
        original: ctx.req.url,
        partial: ctx.isPartial,
        remote: (ctx.info.remoteAddr as Deno.NetAddr).transport,
      });
    });
  const response = await client(app)("/t/7");
  assert.deepEqual(await response.json(), {
    id: "7",
    proto: null,
    user: "ann",
    route: "/t/:id",
    mode: "development",
    search: "?changed=yes",
    original: "http://localhost/t/7",
    partial: false,
    remote: "tcp",
  });
});

Deno.test("ctx.upgrade: a request that asks for no upgrade is an error 400", async () => {
  const response = await answering((ctx) => ctx.upgrade({}));
  assert.equal(response.status, 400);
});

Deno.test("App.ws and bare ctx.upgrade: messages go both ways", async () => {
  const closed = Promise.withResolvers<[number, string]>();
  const app = new App()
    .ws("/managed", {
      message: (socket, event) => socket.send(`managed ${event.data}`),
      close: (_socket, code, reason) => closed.resolve([code, reason]),
    })
    .get("/bare", (ctx) => {
      const { socket, response } = ctx.upgrade();
      socket.onmessage = (event) => socket.send(`bare ${event.data}`);
      return response;
    });
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    app.handler(),
  );
  try {
    for (const kind of ["managed", "bare"]) {
      const socket = new WebSocket(
        `ws://127.0.0.1:${server.addr.port}/${kind}`,
      );
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      socket.onopen = () => socket.send("hi");
      socket.onmessage = (event) => resolve(event.data);
      socket.onerror = () => reject(new Error(`The "${kind}" socket failed`));
      assert.equal(await promise, `${kind} hi`);
      const gone = Promise.withResolvers<void>();
      socket.onclose = () => gone.resolve();
      socket.close(4000, "done");
      await gone.promise;
    }
    assert.deepEqual(await closed.promise, [4000, "done"]);
  } finally {
    await server.shutdown();
  }
});

Deno.test("App.listen: serves on the given port", async () => {
  const probe = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = probe.addr;
  probe.close();
  const stop = new AbortController();
  const listening = Promise.withResolvers<void>();
  const done = new App()
    .get("/", (ctx) => ctx.text("up"))
    .listen({
      port,
      hostname: "127.0.0.1",
      signal: stop.signal,
      onListen: () => listening.resolve(),
    });
  await listening.promise;
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  assert.equal(await response.text(), "up");
  stop.abort();
  await done;
});
