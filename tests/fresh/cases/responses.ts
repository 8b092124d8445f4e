import assert from "node:assert/strict";
import { type Send, textOf } from "../support/http.ts";

/** Redirects, bodies, cookies and error answers of routes registered by code. */
export function responseCases(send: Send): void {
  Deno.test("ctx.redirect: answers 302 unless told otherwise", async () => {
    const plain = await send("/redirect/plain");
    assert.equal(plain.status, 302);
    assert.equal(plain.headers.get("location"), "/methods");
    assert.equal((await send("/redirect/see-other")).status, 303);
  });

  Deno.test("ctx.redirect: does not lead to another host by a double slash", async () => {
    const { headers } = await send("/redirect/open");
    assert.equal(headers.get("location"), "/example.com/x");
  });

  Deno.test("ctx.redirect: keeps query and fragment", async () => {
    const { headers } = await send("/redirect/query");
    assert.equal(headers.get("location"), "/methods?a=1&b=2#part");
  });

  Deno.test("ctx.json, text, html: set status and content type", async () => {
    const json = await send("/body/json");
    assert.equal(json.status, 201);
    assert.match(json.headers.get("content-type") ?? "", /^application\/json/);
    assert.equal(json.text, '{"a":1}');
    const text = await send("/body/text");
    assert.match(text.headers.get("content-type") ?? "", /^text\/plain/);
    const html = await send("/body/html");
    assert.match(html.headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(html.text, "<p>html</p>");
  });

  Deno.test("cookies: each appended Set-Cookie of a Response is sent", async () => {
    const { headers } = await send("/cookies/set");
    assert.deepEqual(headers.getSetCookie(), [
      "a=1; Path=/",
      "b=2; HttpOnly; Path=/",
    ]);
  });

  Deno.test("cookies: a handler reads those of the request", async () => {
    const { text } = await send("/cookies/echo", {
      headers: { cookie: "a=1; b=2" },
    });
    assert.equal(text, "a=1; b=2");
  });

  Deno.test("page: of several Set-Cookie headers only the last one is sent", async () => {
    const { headers } = await send("/pages/cookies");
    assert.deepEqual(headers.getSetCookie(), ["b=2"]);
  });

  Deno.test("HttpError: without an error page answers its message as text", async () => {
    const reply = await send("/errors/teapot");
    assert.equal(reply.status, 418);
    assert.match(reply.headers.get("content-type") ?? "", /^text\/plain/);
    assert.equal(reply.text, "Short and stout");
  });

  Deno.test("HttpError: without a message answers the status text", async () => {
    const reply = await send("/errors/status-text");
    assert.equal(reply.status, 403);
    assert.equal(reply.text, "Forbidden");
  });

  Deno.test("errors: an unknown error answers 500 and keeps its message to itself", async () => {
    const reply = await send("/errors/crash");
    assert.equal(reply.status, 500);
    assert.equal(reply.text, "Internal server error");
  });

  Deno.test("errors: a chain that gives no Response answers 500", async () => {
    assert.equal((await send("/errors/not-a-response")).status, 500);
  });

  Deno.test("App.onError: answers for the errors below its path", async () => {
    const reply = await send("/errors/caught/throw");
    assert.equal(reply.status, 502);
    assert.equal(reply.text, "caught it");
  });

  Deno.test("_404: answers unknown URLs within the app's page", async () => {
    const reply = await send("/no/such/page");
    assert.equal(reply.status, 404);
    assert.equal(textOf(reply.text, "not-found"), "Nothing here");
    assert.match(reply.text, /data-app="yes"/);
  });

  Deno.test("_404: answers an HttpError 404 before _error does", async () => {
    const reply = await send("/failing/missing");
    assert.equal(reply.status, 404);
    assert.equal(textOf(reply.text, "not-found"), "Nothing here");
  });

  Deno.test("_error: answers with the error's status, or 500", async () => {
    const denied = await send("/failing/denied");
    assert.equal(denied.status, 403);
    assert.equal(textOf(denied.text, "root-error"), "403 Denied");
    const crash = await send("/failing/crash");
    assert.equal(crash.status, 500);
    assert.equal(textOf(crash.text, "root-error"), "500 crashed");
    assert.match(crash.text, /data-app="yes"/);
  });

  Deno.test("_error: the closest one answers", async () => {
    const reply = await send("/failing/nested/crash");
    assert.equal(reply.status, 500);
    assert.equal(textOf(reply.text, "nested-error"), "crashed");
  });

  Deno.test("middlewares: code after next() is skipped when an error passes", async () => {
    assert.equal(
      (await send("/failing/fine")).headers.get("x-after-next"),
      "yes",
    );
    assert.equal(
      (await send("/failing/crash")).headers.get("x-after-next"),
      null,
    );
  });
}
