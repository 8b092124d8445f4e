import assert from "node:assert/strict";
import { type Send, sendRaw } from "../support/http.ts";

/** Methods, patterns, parameters and the order of commands. */
export function routingCases(send: Send, baseUrl: () => string): void {
  Deno.test("methods: each handler answers its own method", async () => {
    assert.equal((await send("/methods")).text, "GET");
    assert.equal(
      (await send("/methods", { method: "POST", body: "x" })).text,
      "POST x",
    );
    for (const method of ["PATCH", "DELETE"]) {
      assert.equal((await send("/methods", { method })).text, method);
    }
  });

  Deno.test("methods: a programmatic route refuses another method with 405", async () => {
    assert.equal((await send("/methods", { method: "PUT" })).status, 405);
  });

  Deno.test("methods: OPTIONS answers 204 with the allowed methods", async () => {
    const reply = await send("/methods", { method: "OPTIONS" });
    assert.equal(reply.status, 204);
    const allowed = reply.headers.get("allow") ?? "";
    for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
      assert.match(allowed, new RegExp(`\\b${method}\\b`));
    }
  });

  Deno.test("methods: HEAD runs the GET handler and drops the body", async () => {
    const reply = await send("/methods", { method: "HEAD" });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "");
    assert.equal(reply.headers.get("content-length"), "0");
  });

  Deno.test("methods: a HEAD handler has precedence over GET", async () => {
    const reply = await send("/own-head", { method: "HEAD" });
    assert.equal(reply.headers.get("x-head"), "1");
  });

  Deno.test("App.all: answers any method", async () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      assert.equal((await send("/any", { method })).text, method);
    }
  });

  Deno.test("App.get: takes a handler that is loaded when it is first needed", async () => {
    assert.equal((await send("/lazy")).text, "lazy");
    assert.equal((await send("/lazy")).text, "lazy");
  });

  Deno.test("trailing slash: a static path matches with and without it", async () => {
    assert.equal((await send("/methods/")).status, 200);
    assert.equal((await send("/methods")).status, 200);
  });

  Deno.test("trailing slash: a path with parameters matches only without it", async () => {
    assert.equal((await send("/item/7")).status, 200);
    assert.equal((await send("/item/7/")).status, 404);
  });

  Deno.test("slashes: repeated ones count as one", async () => {
    const answer = await sendRaw(baseUrl(), "GET //item///7");
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.match(answer, /"id":"7"/);
  });

  Deno.test("params: are decoded as by decodeURI", async () => {
    const idOf = async (text: string) =>
      JSON.parse((await send(`/item/${text}`)).text).id;
    assert.equal(await idOf("a%20b"), "a b");
    assert.equal(await idOf("%C3%A4"), "ä");
    assert.equal(await idOf("a%2Fb"), "a%2Fb");
    assert.equal(await idOf("%23%3F"), "%23%3F");
  });

  Deno.test("params: have no prototype, and the context names the pattern", async () => {
    assert.deepEqual(JSON.parse((await send("/item/7")).text), {
      id: "7",
      nullPrototype: true,
      route: "/item/:id",
    });
  });

  Deno.test("patterns: a wildcard matches any rest", async () => {
    assert.equal((await send("/files/a/b.txt")).text, "wildcard");
  });

  Deno.test("patterns: the first that matches wins, whatever its methods", async () => {
    assert.equal((await send("/first/1")).text, "a");
    assert.equal((await send("/first/1", { method: "POST" })).status, 405);
  });

  Deno.test("patterns: a static path goes before a pattern registered earlier", async () => {
    assert.equal((await send("/static-wins/fixed")).text, "static");
    assert.equal((await send("/static-wins/else")).text, "pattern");
  });

  Deno.test("patterns: the first registration of method and path counts", async () => {
    assert.equal((await send("/twice")).text, "first");
  });

  Deno.test("App.use: with a path runs for the segment and below it", async () => {
    assert.equal((await send("/segment")).headers.get("x-segment"), "yes");
    assert.equal(
      (await send("/segment/below")).headers.get("x-segment"),
      "yes",
    );
    assert.equal((await send("/segmented")).headers.get("x-segment"), null);
  });

  Deno.test("App.use: does not affect routes registered before it", async () => {
    assert.equal((await send("/order/before")).headers.get("x-late"), null);
    assert.equal((await send("/order/after")).headers.get("x-late"), "yes");
  });

  Deno.test("App.use: root middlewares run for unknown URLs and wrong methods", async () => {
    const probe = crypto.randomUUID();
    const headers = { "x-probe": probe };
    assert.equal((await send("/unknown/url", { headers })).status, 404);
    assert.equal(
      (await send("/methods", { method: "PUT", headers })).status,
      405,
    );
    const { text } = await send(`/probe/${probe}`);
    assert.deepEqual(JSON.parse(text), { count: 2 });
  });

  Deno.test("App.mountApp: puts the routes of an app below a path", async () => {
    assert.equal((await send("/mounted/page")).text, "inner page");
    assert.equal((await send("/mounted")).text, "inner index");
  });

  Deno.test("App: trustProxy takes scheme and host from the proxy's headers", async () => {
    const { text } = await send("/url?a=1", {
      headers: {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "chat.example",
      },
    });
    assert.equal(JSON.parse(text).href, "https://chat.example/url?a=1");
  });

  Deno.test("ctx.config: a build runs in production mode", async () => {
    assert.equal(JSON.parse((await send("/config")).text).mode, "production");
  });
}
