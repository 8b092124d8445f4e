import assert from "node:assert/strict";
import { type Send, textOf } from "../support/http.ts";

const UNCACHED = "no-cache, no-store, max-age=0, must-revalidate";

/** staticFiles(), csp(), csrf() and the other middlewares that come with Fresh. */
export function middlewareCases(send: Send): void {
  const assetUrl = async () => {
    const { text } = await send("/");
    const href = /id="asset" href="([^"]+)"/.exec(text)?.[1];
    assert.ok(href);
    return href.replaceAll("&amp;", "&");
  };

  Deno.test("staticFiles: serves a file with type, entity tag and no caching", async () => {
    const reply = await send("/hello.txt");
    assert.equal(reply.text, "plain text\n");
    assert.match(reply.headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(reply.headers.get("etag") ?? "", /^W\/"[0-9a-f]{64}"$/);
    assert.equal(reply.headers.get("cache-control"), UNCACHED);
    const image = await send("/dot.svg");
    assert.match(image.headers.get("content-type") ?? "", /^image\/svg\+xml/);
  });

  Deno.test("staticFiles: answers 304 to the entity tag it gave", async () => {
    const etag = (await send("/hello.txt")).headers.get("etag") ?? "";
    const fresh = await send("/hello.txt", {
      headers: { "if-none-match": etag },
    });
    assert.equal(fresh.status, 304);
    assert.equal(fresh.text, "");
    const stale = await send("/hello.txt", {
      headers: { "if-none-match": 'W/"other"' },
    });
    assert.equal(stale.status, 200);
  });

  Deno.test("staticFiles: HEAD has headers alone, other methods get 405", async () => {
    const head = await send("/hello.txt", { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
    assert.ok(head.headers.get("etag"));
    assert.equal((await send("/hello.txt", { method: "POST" })).status, 405);
  });

  Deno.test("asset: gives a URL that may be cached for a year", async () => {
    const url = await assetUrl();
    assert.match(url, /^\/hello\.txt\?__frsh_c=./);
    const { headers, status } = await send(url);
    assert.equal(status, 200);
    assert.match(headers.get("cache-control") ?? "", /max-age=31536000/);
    assert.match(headers.get("cache-control") ?? "", /immutable/);
  });

  Deno.test("asset: is applied to the src of an image by itself", async () => {
    const { text } = await send("/");
    assert.match(text, /<img src="\/dot\.svg\?__frsh_c=/);
  });

  Deno.test("staticFiles: sends the key of another build to the plain URL", async () => {
    const reply = await send("/hello.txt?__frsh_c=other-build");
    assert.equal(reply.status, 307);
    const location = reply.headers.get("location") ?? "";
    assert.match(location, /\/hello\.txt$/);
  });

  Deno.test("staticFiles: hashed files of the build may be cached for a year", async () => {
    const { headers } = await send("/islands/counter");
    const script = /<([^>]+)>;\s*rel="modulepreload"/.exec(
      headers.get("link") ?? "",
    )?.[1];
    assert.ok(script);
    const reply = await send(script);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get("content-type") ?? "", /javascript/);
    assert.match(reply.headers.get("cache-control") ?? "", /immutable/);
  });

  Deno.test("staticFiles: a missing favicon is an empty 404", async () => {
    const reply = await send("/favicon.ico");
    assert.equal(reply.status, 404);
    assert.equal(reply.text, "");
  });

  Deno.test("staticFiles: does not leave its folder", async () => {
    for (const path of ["/..%2fmain.ts", "/%2e%2e/main.ts", "/.env"]) {
      const reply = await send(path);
      assert.equal(reply.status, 404);
    }
  });

  Deno.test("csp: sends the default policy with the app's directives", async () => {
    const policy =
      (await send("/csp-plain")).headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.match(policy, /upgrade-insecure-requests/);
    assert.equal(policy.match(/img-src/g)?.length, 1);
    assert.match(policy, /img-src 'self' data:/);
  });

  Deno.test("csp: useNonce names the nonce of the page's script, a new one each time", async () => {
    const nonces = [];
    for (let index = 0; index < 2; index++) {
      const reply = await send("/nonce/counter");
      const policy = reply.headers.get("content-security-policy") ?? "";
      const nonce = /<script[^>]*\bnonce="([^"]+)"/.exec(reply.text)?.[1];
      assert.ok(nonce);
      assert.match(policy, new RegExp(`script-src[^;]*'nonce-${nonce}'`));
      assert.doesNotMatch(policy, /script-src[^;]*'unsafe-inline'/);
      nonces.push(nonce);
    }
    assert.notEqual(nonces[0], nonces[1]);
  });

  Deno.test("csp: useNonce leaves answers that are not rendered as they were", async () => {
    const policy =
      (await send("/nonce/text")).headers.get("content-security-policy") ?? "";
    assert.match(policy, /'unsafe-inline'/);
    assert.doesNotMatch(policy, /nonce-/);
  });

  Deno.test("csrf: refuses a write from another site", async () => {
    const write = (headers: Record<string, string>) =>
      send("/csrf", { method: "POST", headers });
    assert.equal((await write({ "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal(
      (await write({ "sec-fetch-site": "same-origin" })).status,
      200,
    );
    assert.equal((await write({ "sec-fetch-site": "none" })).status, 200);
    assert.equal((await write({})).status, 200);
    assert.equal(
      (await write({ origin: "https://evil.example" })).status,
      403,
    );
  });

  Deno.test("csrf: lets reads pass and origins that are allowed", async () => {
    const read = await send("/csrf", {
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(read.status, 200);
    const write = await send("/csrf-allowed", {
      method: "POST",
      headers: {
        "sec-fetch-site": "cross-site",
        origin: "https://friend.example",
      },
    });
    assert.equal(write.status, 200);
  });

  Deno.test("cors: names the allowed origin", async () => {
    const { headers } = await send("/cors", {
      headers: { origin: "https://friend.example" },
    });
    assert.equal(
      headers.get("access-control-allow-origin"),
      "https://friend.example",
    );
  });

  Deno.test("ipFilter: refuses a denied address with 403", async () => {
    assert.equal((await send("/ip")).status, 403);
  });

  Deno.test("trailingSlashes: redirects to the form it is told", async () => {
    const never = await send("/never/page/");
    assert.equal(never.status, 302);
    assert.match(never.headers.get("location") ?? "", /\/never\/page$/);
    assert.equal((await send("/never/page")).status, 200);
    const always = await send("/always/page");
    assert.equal(always.status, 302);
    assert.match(always.headers.get("location") ?? "", /\/always\/page\/$/);
    assert.equal((await send("/always/page/")).status, 200);
  });

  Deno.test("islands: pages without any carry no script", async () => {
    const { text, headers } = await send("/");
    assert.doesNotMatch(text, /<script/);
    assert.equal(headers.get("link"), null);
  });

  Deno.test("islands: pages with some preload the scripts they need", async () => {
    const { text, headers } = await send("/islands/counter");
    const links = (headers.get("link") ?? "").split(",");
    assert.ok(links.length >= 2);
    for (const link of links) {
      assert.match(link, /^\s*<[^>]+>; rel="modulepreload"; as="script"$/);
    }
    assert.match(text, /<!--frsh:island:Counter:0:/);
    assert.match(text, /<script type="module" nonce="[^"]+">/);
  });

  Deno.test("islands: a closed panel keeps its slot in a template", async () => {
    const { text } = await send("/islands/panel");
    assert.match(text, /<template id="frsh-\d+-children">/);
  });

  Deno.test("islands: a function as a prop answers 500", async () => {
    const reply = await send("/islands/function_prop");
    assert.equal(reply.status, 500);
    assert.equal(textOf(reply.text, "root-error").slice(0, 3), "500");
  });
}
