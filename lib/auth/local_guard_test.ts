import assert from "node:assert/strict";
import { checkLocal, isLoopbackHost } from "./local_guard.ts";

function check(
  headers: Record<string, string>,
  method = "GET",
) {
  const request = new Request("http://127.0.0.1:8000/api/threads", { method });
  const all = new Headers({ host: "127.0.0.1:8000", ...headers });
  // A Request object drops Host and Sec-Fetch-*, which a server does receive.
  Object.defineProperty(request, "headers", { value: all });
  return checkLocal(request);
}

Deno.test("checkLocal: a plain client on this machine passes", () => {
  for (
    const host of [
      "localhost",
      "localhost:8000",
      "127.0.0.1:8000",
      "127.1.2.3",
      "[::1]:8000",
    ]
  ) {
    assert.equal(check({ host }), null, host);
  }
  assert.equal(check({}, "POST"), null);
});

Deno.test("checkLocal: the app's own page passes", () => {
  assert.equal(
    check(
      { origin: "http://127.0.0.1:8000", "sec-fetch-site": "same-origin" },
      "POST",
    ),
    null,
  );
});

Deno.test("checkLocal: a host that is not this machine is refused", () => {
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.nip.io",
      "10.0.0.1",
      "0.0.0.0",
    ]
  ) {
    const error = check({ host });
    assert.equal(error?.status, 403, host);
    assert.equal(error?.code, "local_only");
  }
});

Deno.test("checkLocal: a request that names no host is refused", () => {
  const request = new Request("http://127.0.0.1:8000/");
  assert.equal(request.headers.get("host"), null);
  assert.equal(checkLocal(request)?.code, "local_only");
});

Deno.test("checkLocal: a header that a proxy adds is refused", () => {
  for (
    const name of [
      "forwarded",
      "x-forwarded-for",
      "X-Forwarded-Proto",
      "x-forwarded-anything",
      "x-real-ip",
      "via",
    ]
  ) {
    assert.equal(check({ [name]: "x" })?.code, "local_only", name);
  }
});

Deno.test("checkLocal: another origin is refused, whatever the method", () => {
  for (
    const origin of [
      "http://evil.example",
      "null",
      "http://127.0.0.1:9999",
      "http://localhost:8000",
      "https://127.0.0.1:8000",
    ]
  ) {
    assert.equal(check({ origin }, "POST")?.code, "local_only", origin);
    assert.equal(check({ origin })?.code, "local_only", origin);
  }
});

Deno.test("checkLocal: another site may only link here", () => {
  const link = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  assert.equal(check(link), null);
  assert.equal(check(link, "POST")?.code, "local_only");
  assert.equal(
    check({ ...link, "sec-fetch-dest": "iframe" })?.code,
    "local_only",
  );
  assert.equal(check({ "sec-fetch-site": "cross-site" })?.code, "local_only");
  assert.equal(check({ "sec-fetch-site": "same-site" })?.code, "local_only");
  assert.equal(check({ "sec-fetch-site": "Cross-Site" })?.code, "local_only");
  assert.equal(check({ "sec-fetch-site": "none" }), null);
});

Deno.test("isLoopbackHost: reads the name without its port", () => {
  assert.ok(isLoopbackHost("LOCALHOST:1"));
  assert.ok(!isLoopbackHost("127.0.0.1@evil.example"));
  assert.ok(!isLoopbackHost(""));
});
