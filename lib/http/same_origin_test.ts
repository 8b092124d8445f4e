import assert from "node:assert/strict";
import {
  checkHost,
  checkSameOrigin,
  type Credential,
  ownOrigin,
} from "./same_origin.ts";

const OWN = "https://chat.example.org";
const FOREIGN = [
  "https://evil.example",
  "http://chat.example.org",
  "https://chat.example.org:8443",
  "https://chat.example.org.evil.example",
  "https://sub.chat.example.org",
  "https://example.org",
  "null",
  "",
];

function check(
  headers: Record<string, string>,
  { method = "POST", credential = "session" as Credential, origin = OWN } = {},
) {
  const request = new Request(OWN, { method });
  // A Request object drops Origin and Sec-Fetch-*, which a server does receive.
  Object.defineProperty(request, "headers", { value: new Headers(headers) });
  return checkSameOrigin(request, origin, credential)?.code ?? null;
}

Deno.test("checkSameOrigin: a page of this origin may change things", () => {
  assert.equal(check({ origin: OWN }), null);
  assert.equal(check({ "sec-fetch-site": "same-origin" }), null);
  assert.equal(check({ "sec-fetch-site": "none" }), null);
});

Deno.test("checkSameOrigin: a page of another origin may not, signed in or not, by any method", () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    for (const credential of ["session", "none"] as const) {
      for (const origin of FOREIGN) {
        assert.equal(
          check({ origin }, { method, credential }),
          "cross_origin",
          `${method} ${credential} ${origin}`,
        );
      }
      for (const site of ["cross-site", "same-site", "Cross-Site", "x"]) {
        assert.equal(
          check({ "sec-fetch-site": site, origin: OWN }, {
            method,
            credential,
          }),
          "cross_origin",
          `${method} ${credential} ${site}`,
        );
      }
    }
  }
});

Deno.test("checkSameOrigin: what has neither header is no browser and passes", () => {
  assert.equal(check({}), null);
  assert.equal(check({}, { credential: "key" }), null);
  assert.equal(check({}, { credential: "none" }), null);
});

Deno.test("checkSameOrigin: reading is free, whoever asks", () => {
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    assert.equal(check({ origin: "https://evil.example" }, { method }), null);
    assert.equal(check({ "sec-fetch-site": "cross-site" }, { method }), null);
  }
});

Deno.test("checkSameOrigin: a WebSocket opens for this origin alone, or by a key", () => {
  const open = (headers: Record<string, string>, credential?: Credential) =>
    check({ upgrade: "WebSocket", ...headers }, { method: "GET", credential });
  assert.equal(open({ origin: OWN }), null);
  assert.equal(open({ origin: OWN, "sec-fetch-site": "same-origin" }), null);
  assert.equal(open({}), null);
  assert.equal(open({}, "key"), null);
  for (const origin of FOREIGN) {
    assert.equal(open({ origin }), "cross_origin", origin);
    assert.equal(
      open({ origin, "sec-fetch-site": "same-origin" }),
      "cross_origin",
      origin,
    );
  }
});

Deno.test("ownOrigin: PUBLIC_URL, whatever host a request names", () => {
  const client = { protocol: "http", host: "evil.example" } as const;
  assert.equal(ownOrigin(client, OWN), OWN);
  assert.equal(ownOrigin(client, null), "http://evil.example");
  assert.equal(ownOrigin({ protocol: "https", host: null }, null), null);
  assert.equal(
    ownOrigin({ protocol: "https", host: "a.example:443" }, null),
    "https://a.example",
  );
});

Deno.test("checkHost: with PUBLIC_URL no other host is served, but for keys and probes", () => {
  const ask = (
    host: string | null,
    pathname = "/",
    credential: Credential = "session",
  ) => checkHost({ host }, OWN, { pathname, credential })?.status ?? null;
  assert.equal(ask("chat.example.org"), null);
  assert.equal(ask("chat.example.org:443"), null);
  for (
    const host of [
      "evil.example",
      "127.0.0.1:8000",
      "localhost",
      "chat.example.org:80",
      "chat.example.org.",
      "chat.example.org.evil.example",
      null,
    ]
  ) {
    for (const path of ["/", "/signin", "/api/session", "/v1/models"]) {
      assert.equal(ask(host, path, "none"), 421, `${host} ${path}`);
      assert.equal(ask(host, path), 421, `${host} ${path}`);
      assert.equal(ask(host, path, "key"), null, `${host} ${path}`);
    }
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      assert.equal(ask(host, path, "none"), null, `${host} ${path}`);
    }
  }
  const free = { pathname: "/", credential: "none" } as const;
  assert.equal(checkHost({ host: "any.example" }, null, free), null);
});
