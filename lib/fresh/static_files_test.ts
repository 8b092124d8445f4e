/** staticFiles: caching, tags, methods, wrong keys. */
import assert from "node:assert/strict";
import { App } from "./app.ts";
import type { SnapshotStaticFile } from "./snapshot.ts";
import { staticFiles } from "./static_files.ts";
import { client, installBuild } from "./testing.ts";

const FOR_EVER = "public, max-age=31536000, immutable";

function file(
  pathname: string,
  options: Partial<SnapshotStaticFile> = {},
): SnapshotStaticFile {
  return {
    pathname,
    filePath: null,
    content: new TextEncoder().encode("body{}"),
    contentType: "text/css; charset=utf-8",
    hash: "abc123",
    immutable: false,
    ...options,
  };
}

function serve(basePath = "") {
  installBuild({
    buildId: "b1",
    files: {
      "/a.css": file("/a.css"),
      "/a b.css": file("/a b.css"),
      "/assets/x-1a2b.css": file("/assets/x-1a2b.css", { immutable: true }),
      "/this.ts": file("/this.ts", {
        content: undefined,
        filePath: new URL(import.meta.url).pathname,
      }),
    },
  });
  return client(
    new App({ basePath }).use(staticFiles()).get(
      "/page",
      () => new Response("page"),
    ),
  );
}

Deno.test("staticFiles: content, type and tag; no caching without a key", async () => {
  const response = await serve()("/a.css");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "body{}");
  assert.equal(response.headers.get("content-type"), "text/css; charset=utf-8");
  assert.equal(response.headers.get("content-length"), "6");
  assert.equal(response.headers.get("etag"), 'W/"abc123"');
  assert.equal(
    response.headers.get("cache-control"),
    "no-cache, no-store, max-age=0, must-revalidate",
  );
});

Deno.test("staticFiles: cached for ever with the build's key or a hashed name", async () => {
  const get = serve();
  for (const path of ["/a.css?__frsh_c=b1", "/assets/x-1a2b.css"]) {
    const response = await get(path);
    assert.equal(response.headers.get("cache-control"), FOR_EVER, path);
  }
});

Deno.test("staticFiles: a wrong key leads to the plain URL", async () => {
  const response = await serve()("/a.css?v=1&__frsh_c=old");
  assert.equal(response.status, 307);
  assert.equal(response.headers.get("location"), "/a.css?v=1");
});

Deno.test("staticFiles: a known tag gives 304 without a body", async () => {
  const get = serve();
  for (const tag of ['W/"abc123"', '"abc123"', '"x", W/"abc123"', "*"]) {
    const response = await get("/a.css", { headers: { "if-none-match": tag } });
    assert.equal(response.status, 304, tag);
    assert.equal(await response.text(), "");
  }
  const other = await get("/a.css", { headers: { "if-none-match": '"x"' } });
  assert.equal(other.status, 200);
});

Deno.test("staticFiles: HEAD has no body, other methods are 405", async () => {
  const get = serve();
  const head = await get("/a.css", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  assert.equal((await get("/a.css", { method: "POST" })).status, 405);
});

Deno.test("staticFiles: encoded paths, files on disk, base path", async () => {
  const get = serve();
  assert.equal((await get("/a%20b.css")).status, 200);
  assert.equal((await get("/%E0%A4%A.css")).status, 404);
  const onDisk = await get("/this.ts");
  const body = await onDisk.text();
  assert.match(body, /files on disk, base path/);
  assert.equal(
    Number(onDisk.headers.get("content-length")),
    new TextEncoder().encode(body).byteLength,
  );
  const based = serve("/base");
  assert.equal((await based("/base/a.css")).status, 200);
  assert.equal((await based("/a.css")).status, 404);
});

Deno.test("staticFiles: what is no file goes on; a missing favicon is an empty 404", async () => {
  const get = serve();
  assert.equal(await (await get("/page")).text(), "page");
  const icon = await get("/favicon.ico");
  assert.equal(icon.status, 404);
  assert.equal(await icon.text(), "");
});
