/** Local mode and headers, seen from outside over raw sockets. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import { rawRequest } from "../support/raw_http.ts";

const status = (response: string) =>
  Number(/^HTTP\/1\.1 (\d{3})/.exec(response)?.[1]);

Deno.test("local mode: a rebound name, a proxy and another site are refused on every path", async () => {
  await using app = await startApp();
  const own = `Host: ${new URL(app.url).host}`;
  const refused = [
    [],
    ["Host: evil.example"],
    ["Host: freshet.localhost.evil.example"],
    [own, "X-Forwarded-For: 10.0.0.1"],
    [own, "X-Forwarded-Host: localhost"],
    [own, "Forwarded: for=10.0.0.1"],
    [own, "Via: 1.1 proxy"],
    [own, "X-Real-IP: 10.0.0.1"],
    [own, "Origin: https://evil.example"],
    [own, "Origin: null"],
    [own, `Origin: https://${new URL(app.url).host}`],
    [own, "Sec-Fetch-Site: cross-site"],
    [own, "Sec-Fetch-Site: Cross-Site"],
    [
      own,
      "Sec-Fetch-Site: same-site",
      "Sec-Fetch-Mode: navigate",
      "Sec-Fetch-Dest: iframe",
    ],
  ];
  for (const headers of refused) {
    for (const path of ["/", "/api/threads", "/api/nothing", "/settings"]) {
      const response = await rawRequest(app.url, [
        `GET ${path} HTTP/1.1`,
        ...headers,
      ]);
      assert.equal(status(response), 403, `${path} ${headers.join(", ")}`);
      if (path.startsWith("/api/")) {
        assert.match(response, /"code":"local_only"/);
      }
    }
  }
});

Deno.test("local mode: plain clients, the app's own page and a link from elsewhere pass", async () => {
  await using app = await startApp();
  const { host } = new URL(app.url);
  const passed = [
    [`Host: ${host}`],
    [`Host: localhost:${new URL(app.url).port}`],
    [`Host: ${host}`, `Origin: http://${host}`, "Sec-Fetch-Site: same-origin"],
    [
      `Host: ${host}`,
      "Sec-Fetch-Site: cross-site",
      "Sec-Fetch-Mode: navigate",
      "Sec-Fetch-Dest: document",
    ],
    [`Host: ${host}`, "Authorization: Bearer sk-whatever"],
  ];
  for (const headers of passed) {
    assert.equal(
      status(await rawRequest(app.url, ["GET / HTTP/1.1", ...headers])),
      200,
      headers.join(", "),
    );
  }
});

Deno.test("local mode: a frk_ key that is not the owner's is 401", async () => {
  const key = `frk_${"k".repeat(40)}`;
  await using app = await startApp({ env: { FRESHET_API_KEY: key } });
  const get = (authorization: string) =>
    app.fetch("/api/threads", { headers: { authorization } });
  const wrong = await get(`Bearer frk_${"x".repeat(40)}`);
  assert.equal(wrong.status, 401);
  assert.equal((await wrong.json()).code, "invalid_api_key");
  for (const authorization of [`frk_${"x".repeat(40)}`, `Bearer ${key} b`]) {
    const response = await get(authorization);
    assert.equal(response.status, 401, authorization);
    await response.body?.cancel();
  }
  for (const authorization of [`Bearer ${key}`, key]) {
    const response = await get(authorization);
    assert.equal(response.status, 200, authorization);
    await response.body?.cancel();
  }
});

Deno.test("headers: pages and error pages alike carry a strict policy with a nonce of their own", async () => {
  await using app = await startApp();
  const nonces = new Set<string>();
  for (
    const [path, expected] of [["/", 200], ["/no/such/page", 404], [
      "/c/thr_unknown",
      404,
    ]] as const
  ) {
    const response = await app.fetch(path);
    const html = await response.text();
    assert.equal(response.status, expected, path);
    assert.match(response.headers.get("content-type")!, /^text\/html/);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'self'/, path);
    assert.ok(!policy.includes("unsafe-inline"), path);
    assert.ok(!policy.includes("upgrade-insecure-requests"), path);
    nonces.add(/'nonce-([^']+)'/.exec(policy)![1]);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-frame-options"), "DENY");
    assert.match(response.headers.get("x-request-id")!, /^req_/);
    assert.ok(!/\sstyle=/.test(html), `${path} has a style attribute`);
    assert.ok(html.startsWith("<!DOCTYPE html>"));
  }
  assert.equal(nonces.size, 3);
});

Deno.test("threads: pages of the list hold every thread once, newest activity first", async () => {
  await using app = await startApp();
  const made: string[] = [];
  for (let count = 0; count < 25; count += 1) {
    const response = await app.post("/api/threads", {
      title: `thread ${count}`,
    });
    assert.equal(response.headers.get("etag"), '"1"');
    made.push((await response.json()).id);
  }
  const listed: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${cursor}`;
    const page = await (await app.fetch(`/api/threads?limit=10${query}`))
      .json();
    assert.ok(page.items.length <= 10);
    listed.push(...page.items.map(({ id }: { id: string }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual([...listed].sort(), [...made].sort());
  assert.equal(new Set(listed).size, 25);
});

Deno.test("config schema: is served for editors", async () => {
  await using app = await startApp();
  const response = await app.fetch("/schema/config.json");
  assert.equal(response.status, 200);
  assert.ok("providers" in (await response.json()).properties);
});
