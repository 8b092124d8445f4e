import assert from "node:assert/strict";
import { withDevClient } from "./dev_html.ts";

const PAGE = "<!DOCTYPE html><html><head><title>T</title></head></html>";

const html = (headers: Record<string, string> = {}) =>
  new Response(PAGE, {
    status: 201,
    headers: { "content-type": "text/html; charset=utf-8", ...headers },
  });

Deno.test("withDevClient: adds Vite's client to the head of a page", async () => {
  const response = withDevClient(html());
  assert.equal(response.status, 201);
  assert.equal(
    await response.text(),
    PAGE.replace(
      "<head>",
      '<head><script type="module" src="/@vite/client"></script>',
    ),
  );
});

Deno.test("withDevClient: carries the nonce of the page's policy", async () => {
  const text = await withDevClient(
    html({ "content-security-policy": "script-src 'self' 'nonce-abc'" }),
  ).text();
  assert.match(text, /<meta property="csp-nonce" nonce="abc">/);
  assert.match(text, /src="\/@vite\/client" nonce="abc">/);
});

Deno.test("withDevClient: leaves other answers as they are", () => {
  const json = Response.json({ html: "<head>" });
  assert.equal(withDevClient(json), json);
  const empty = new Response(null, {
    headers: { "content-type": "text/html" },
  });
  assert.equal(withDevClient(empty), empty);
});
