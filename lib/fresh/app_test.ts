/** App: order, segments, methods, paths and mounting, over plain requests. */
import assert from "node:assert/strict";
import { App } from "./app.ts";
import { HttpError } from "./http_error.ts";
import type { Middleware } from "./middleware.ts";
import { client, withSilentErrors } from "./testing.ts";

/** A middleware that appends its name to the `x-trace` header of the response. */
function trace(name: string): Middleware<unknown> {
  return async (ctx) => {
    const response = await ctx.next();
    response.headers.append("x-trace", name);
    return response;
  };
}

const ok = () => new Response("ok");

async function traceOf(response: Promise<Response>): Promise<string | null> {
  return (await response).headers.get("x-trace");
}

Deno.test("App.use: holds only for what is registered after it", async () => {
  const get = client(
    new App().use(trace("a")).get("/1", ok).use(trace("b")).get("/2", ok),
  );
  assert.equal(await traceOf(get("/1")), "a");
  assert.equal(await traceOf(get("/2")), "b, a");
});

Deno.test("App.use: a path binds to it and to what is below", async () => {
  const get = client(
    new App()
      .use("/a", trace("a"))
      .use("/a/:id", trace("id"))
      .get("/", ok).get("/a", ok).get("/ab", ok).get("/a/b/c", ok)
      .get("/a/:id", ok),
  );
  assert.equal(await traceOf(get("/")), null);
  assert.equal(await traceOf(get("/ab")), null);
  assert.equal(await traceOf(get("/a")), "a");
  assert.equal(await traceOf(get("/a/b/c")), "a");
  assert.equal(await traceOf(get("/a/7")), "id, a");
});

Deno.test("App.get: middlewares before the handler, lazy ones too", async () => {
  let loads = 0;
  const lazy = () => {
    loads++;
    return Promise.resolve(trace("lazy"));
  };
  const get = client(new App().get("/", trace("first"), lazy, ok));
  assert.equal(await traceOf(get("/")), "lazy, first");
  assert.equal(await traceOf(get("/")), "lazy, first");
  assert.equal(loads, 1);
});

Deno.test("App: unmatched paths and wrong methods run the root's middlewares", async () => {
  const seen: string[] = [];
  const get = client(
    new App()
      .use((ctx) => {
        seen.push(ctx.url.pathname);
        return ctx.next();
      })
      .post("/form", ok),
  );
  assert.equal((await get("/missing")).status, 404);
  assert.equal((await get("/form")).status, 405);
  assert.deepEqual(seen, ["/missing", "/form"]);
});

Deno.test("App: OPTIONS tells the methods of a programmatic route", async () => {
  const get = client(new App().get("/a", ok).post("/a", ok));
  const response = await get("/a", { method: "OPTIONS" });
  assert.equal(response.status, 204);
  assert.deepEqual(
    response.headers.get("allow")?.split(", ").sort(),
    ["GET", "HEAD", "OPTIONS", "POST"],
  );
});

Deno.test("App: HEAD uses its own handler or GET, without a body", async () => {
  const get = client(
    new App()
      .get("/a", () => new Response("body", { headers: { "x-a": "1" } }))
      .get("/b", ok)
      .head("/b", () => new Response("own", { status: 202 })),
  );
  const viaGet = await get("/a", { method: "HEAD" });
  assert.equal(viaGet.status, 200);
  assert.equal(viaGet.headers.get("x-a"), "1");
  assert.equal(viaGet.headers.get("content-length"), "0");
  assert.equal(await viaGet.text(), "");
  assert.equal((await get("/b", { method: "HEAD" })).status, 202);
});

Deno.test("App: the first pattern that matches wins, whatever its method", async () => {
  const get = client(
    new App()
      .post("/:any", () => new Response("first"))
      .get("/:other", () => new Response("second"))
      .get("/fixed", () => new Response("fixed")),
  );
  assert.equal((await get("/x")).status, 405);
  assert.equal(await (await get("/fixed")).text(), "fixed");
});

Deno.test("App: the first registration of a method and path wins", async () => {
  const get = client(
    new App().get("/a", () => new Response("1")).get("/a", ok),
  );
  assert.equal(await (await get("/a")).text(), "1");
});

Deno.test("App: a trailing slash matches static paths only", async () => {
  const get = client(new App().get("/a", ok).get("/item/:id", ok));
  assert.equal((await get("/a/")).status, 200);
  assert.equal((await get("/item/7")).status, 200);
  assert.equal((await get("/item/7/")).status, 404);
});

Deno.test("App: repeated slashes are collapsed", async () => {
  const get = client(
    new App().get("/a/:id", (ctx) => ctx.text(ctx.url.pathname)),
  );
  assert.equal(await (await get("//a///b")).text(), "/a/b");
});

Deno.test("App: a result that is no Response is an error 500", async () => {
  const app = new App().get("/", (() => "text") as unknown as typeof ok);
  const logged = await withSilentErrors(async () => {
    const response = await client(app)("/");
    assert.equal(response.status, 500);
    assert.equal(await response.text(), "Internal server error");
  });
  assert.match(String(logged[0]), /Expected a "Response"/);
});

Deno.test("App: HttpError without error page is plain text, logged from 500 on", async () => {
  const get = client(
    new App()
      .get("/teapot", () => {
        throw new HttpError(418, "short and stout");
      })
      .get("/gone", () => {
        throw new HttpError(410);
      })
      .get("/broken", () => {
        throw new HttpError(503);
      }),
  );
  const logged = await withSilentErrors(async () => {
    const teapot = await get("/teapot");
    assert.equal(teapot.status, 418);
    assert.equal(await teapot.text(), "short and stout");
    assert.equal(await (await get("/gone")).text(), "Gone");
    assert.equal((await get("/broken")).status, 503);
  });
  assert.equal(logged.length, 1);
});

Deno.test("App.onError: the innermost segment answers, with the error in ctx", async () => {
  const get = client(
    new App()
      .onError("*", (ctx) => new Response(`root ${ctx.error}`))
      .onError("/in", (ctx) => new Response(`in ${ctx.error}`))
      .get("/in/a", () => {
        throw "x";
      })
      .get("/out", () => {
        throw "y";
      }),
  );
  assert.equal(await (await get("/in/a")).text(), "in x");
  assert.equal(await (await get("/out")).text(), "root y");
});

Deno.test("App: an error skips what middlewares do after next", async () => {
  const get = client(
    new App()
      .onError("*", () => new Response("error page", { status: 500 }))
      .use(trace("skipped"))
      .get("/", () => {
        throw new Error("x");
      }),
  );
  assert.equal(await traceOf(get("/")), null);
});

Deno.test("App.notFound: has precedence over error pages for status 404", async () => {
  const get = client(
    new App()
      .onError("*", () => new Response("error"))
      .get("/a", () => {
        throw new HttpError(404);
      })
      .get("/b", () => {
        throw new HttpError(403);
      })
      .notFound(() => new Response("nothing here", { status: 404 })),
  );
  assert.equal(await (await get("/a")).text(), "nothing here");
  assert.equal(await (await get("/other")).text(), "nothing here");
  assert.equal(await (await get("/b")).text(), "error");
});

Deno.test("App.mountApp: routes and middlewares of the other app, below a path", async () => {
  const inner = new App().use(trace("inner")).get("/", ok).get("/a", ok);
  const get = client(
    new App().use(trace("outer")).mountApp("/sub", inner).get("/a", ok),
  );
  assert.equal(await traceOf(get("/sub")), "inner, outer");
  assert.equal(await traceOf(get("/sub/a")), "inner, outer");
  assert.equal(await traceOf(get("/a")), "outer");
});

Deno.test("App: basePath stands before every route", async () => {
  const get = client(new App({ basePath: "/base" }).get("/", ok).get("/a", ok));
  assert.equal((await get("/base")).status, 200);
  assert.equal((await get("/base/a")).status, 200);
  assert.equal((await get("/a")).status, 404);
});

Deno.test("App: trustProxy lets forwarded headers rewrite the URL", async () => {
  const headers = {
    "x-forwarded-proto": "https, http",
    "x-forwarded-host": "chat.example",
  };
  const href = async (trustProxy: boolean) => {
    const app = new App({ trustProxy }).get(
      "/",
      (ctx) => ctx.text(ctx.url.href),
    );
    return await (await client(app)("http://10.0.0.1:8000/", { headers }))
      .text();
  };
  assert.equal(await href(true), "https://chat.example/");
  assert.equal(await href(false), "http://10.0.0.1:8000/");
});

Deno.test("App.route: methods of the handler; GET renders when there is a component", async () => {
  const get = client(
    new App()
      .route("/r", { handler: { POST: ok }, component: () => null })
      .route("/f", { handler: ok }),
  );
  assert.equal((await get("/r")).status, 200);
  assert.equal((await get("/r", { method: "POST" })).status, 200);
  assert.equal((await get("/r", { method: "PUT" })).status, 405);
  assert.equal((await get("/f", { method: "PUT" })).status, 200);
});

Deno.test("App.route: a handler with two parameters is refused", async () => {
  const app = new App().route("/", {
    handler: { GET: ((_req: unknown, _ctx: unknown) => ok()) as never },
  });
  await assert.rejects(client(app)("/"), /must have one parameter/);
});

Deno.test("App.handler: requests at once during the first build share it", async () => {
  const get = client(new App().get("/", ok));
  const responses = await Promise.all([get("/"), get("/"), get("/")]);
  assert.deepEqual(responses.map((response) => response.status), [
    200,
    200,
    200,
  ]);
});
