import assert from "node:assert/strict";
import { type Send, textOf } from "../support/http.ts";

/** Files below routes/: what they export, what wraps them, how their paths become URLs. */
export function fileRouteCases(send: Send): void {
  Deno.test("file routes: a page alone answers any method and has empty data", async () => {
    const reply = await send("/");
    assert.match(reply.headers.get("content-type") ?? "", /^text\/html/);
    assert.equal(textOf(reply.text, "data"), "{}");
    assert.equal((await send("/", { method: "PUT" })).status, 200);
  });

  Deno.test("file routes: a method without handler answers 404", async () => {
    assert.equal(
      (await send("/files/only_post", { method: "POST" })).text,
      "posted",
    );
    assert.equal((await send("/files/only_post")).status, 404);
    assert.equal(
      (await send("/files/only_post", { method: "PUT" })).status,
      404,
    );
  });

  Deno.test("file routes: `handlers` may be one function for all methods", async () => {
    for (const method of ["GET", "POST", "DELETE"]) {
      assert.equal((await send("/files/function", { method })).text, method);
    }
  });

  Deno.test("file routes: HEAD of a page has no body", async () => {
    const reply = await send("/", { method: "HEAD" });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "");
  });

  Deno.test("page: gives data, status and headers", async () => {
    const reply = await send("/pages/with_handler");
    assert.equal(reply.status, 203);
    assert.equal(reply.headers.get("x-page"), "yes");
    assert.equal(textOf(reply.text, "name"), "Ada");
  });

  Deno.test("page: without arguments leaves data undefined", async () => {
    const { text } = await send("/pages/no_data");
    assert.equal(textOf(text, "data"), "undefined");
  });

  Deno.test("page: GET renders although only POST has a handler", async () => {
    assert.equal((await send("/pages/post_only")).status, 200);
    const posted = await send("/pages/post_only", { method: "POST" });
    assert.match(posted.text, /posted/);
  });

  Deno.test("pages: an async one is awaited and may answer a Response", async () => {
    assert.equal(
      textOf((await send("/pages/async")).text, "async"),
      "awaited",
    );
    assert.equal((await send("/pages/async?away")).status, 303);
  });

  Deno.test("ctx.render: wraps in the app and takes a status", async () => {
    const reply = await send("/pages/render");
    assert.equal(reply.status, 202);
    assert.equal(
      reply.headers.get("content-type"),
      "text/html; charset=utf-8",
    );
    assert.equal(textOf(reply.text, "rendered"), "Rendered");
    assert.match(reply.text, /data-app="yes"/);
  });

  Deno.test("ctx.render: without the app adds what a document lacks", async () => {
    const { text } = await send("/pages/render?bare");
    assert.doesNotMatch(text, /data-app/);
    assert.match(text, /^<!DOCTYPE html><html/i);
    assert.match(text, /<head[ >]/);
    assert.match(text, /<body[ >]/);
  });

  Deno.test("_app, _layout: get null as data", async () => {
    const { text } = await send("/grouped");
    assert.match(text, /data-app-data="null"/);
    assert.match(text, /data-layout-data="null"/);
  });

  Deno.test("groups: do not show in the URL but wrap their pages", async () => {
    const { text } = await send("/grouped");
    assert.match(text, /data-layout="marketing".*Grouped/s);
    assert.doesNotMatch((await send("/")).text, /data-layout/);
  });

  Deno.test("files: private folders and tests are no routes", async () => {
    assert.equal((await send("/hidden")).status, 404);
    assert.equal((await send("/helper_test")).status, 404);
  });

  Deno.test("_middleware: run from main.ts inwards and share their state", async () => {
    const { text } = await send("/pages/wrapped");
    assert.match(
      text,
      /<footer>main routes wrapped-1 wrapped-2<\/footer>/,
    );
  });

  Deno.test("_layout: inner ones are within outer ones", async () => {
    const { text } = await send("/pages/wrapped/deep");
    assert.match(
      text,
      /data-app="yes".*data-layout="outer".*data-layout="inner".*Deep/s,
    );
  });

  Deno.test("RouteConfig: skips layouts or the app where it says so", async () => {
    const layouts = (await send("/pages/wrapped/without_layouts")).text;
    assert.match(layouts, /data-app="yes"/);
    assert.doesNotMatch(layouts, /data-layout/);
    const app = (await send("/pages/wrapped/without_app")).text;
    assert.doesNotMatch(app, /data-app/);
    assert.match(app, /data-layout="outer"/);
  });

  Deno.test("RouteConfig: routeOverride replaces the path", async () => {
    assert.equal(
      textOf((await send("/pages/overridden/x")).text, "overridden"),
      "Overridden",
    );
  });

  Deno.test("params: static names go before parameters, those before the rest", async () => {
    assert.equal((await send("/pages/async")).status, 200);
    assert.equal(
      textOf((await send("/pages/some%20id")).text, "id"),
      "some id",
    );
    assert.equal(textOf((await send("/pages/a/b/c")).text, "rest"), "a/b/c");
  });

  Deno.test("params: may be part of a segment", async () => {
    assert.equal(textOf((await send("/params/a-7")).text, "mixed"), "7");
    assert.equal((await send("/params/b-7")).status, 404);
  });

  Deno.test("params: an optional one that is missing is an empty string", async () => {
    const nameOf = async (path: string) =>
      JSON.parse((await send(path)).text).name;
    assert.equal(await nameOf("/params/opt/x"), "x");
    assert.equal(await nameOf("/params/opt"), "");
  });

  Deno.test("Head: entries of page and layout are merged, the page's win", async () => {
    const { text } = await send("/head");
    assert.deepEqual(text.match(/<title[^>]*>[^<]*/g)?.length, 1);
    assert.match(text, /<title[^>]*>From the page<\/title>/);
    assert.equal(text.match(/name="description"/g)?.length, 1);
    assert.match(text, /content="From the page"/);
    assert.equal(text.match(/name="author"/g)?.length, 1);
  });

  Deno.test("links: the current page and its ancestors are marked", async () => {
    const { text } = await send("/nav/child");
    const tagOf = (id: string) =>
      new RegExp(`<a[^>]*id="${id}"[^>]*>`).exec(text)?.[0] ?? "";
    assert.match(tagOf("current"), /data-current/);
    assert.match(tagOf("current"), /aria-current/);
    assert.match(tagOf("ancestor"), /data-ancestor/);
    assert.doesNotMatch(tagOf("other"), /data-current|data-ancestor/);
  });
}
