/** The security and path middlewares: csrf, csp, cors, ipFilter, trailingSlashes. */
import assert from "node:assert/strict";
import { App } from "./app.ts";
import { cors, type CORSOptions } from "./cors.ts";
import { csp } from "./csp.ts";
import { csrf, type CsrfOptions } from "./csrf.ts";
import { HttpError } from "./http_error.ts";
import { ipFilter, type IPFilterRules } from "./ip_filter.ts";
import type { Middleware } from "./middleware.ts";
import { trailingSlashes } from "./trailing_slashes.ts";
import { client } from "./testing.ts";

const ORIGIN = "http://localhost";

function behind(middleware: Middleware<unknown>) {
  return client(
    new App().use(middleware)
      .all("/", () => new Response("ok"))
      .all("/a", () => new Response("ok"))
      .get("/forbidden", () => {
        throw new HttpError(403);
      }),
  );
}

async function postStatus(
  options: CsrfOptions,
  headers: Record<string, string>,
): Promise<number> {
  return (await behind(csrf(options))("/", { method: "POST", headers })).status;
}

Deno.test("csrf: trusts same origin, no browser, and allowed origins", async () => {
  const cases: [CsrfOptions, Record<string, string>, number][] = [
    [{}, {}, 200],
    [{}, { "sec-fetch-site": "same-origin" }, 200],
    [{}, { "sec-fetch-site": "none" }, 200],
    [{}, { "sec-fetch-site": "same-site" }, 403],
    [{}, { "sec-fetch-site": "cross-site" }, 403],
    [{}, { origin: ORIGIN }, 200],
    [{}, { origin: "https://evil.example" }, 403],
    [{}, {
      "sec-fetch-site": "cross-site",
      origin: "https://evil.example",
    }, 403],
    [{ origin: "https://a.example" }, {
      "sec-fetch-site": "cross-site",
      origin: "https://a.example",
    }, 200],
    [{ origin: ["https://a.example"] }, { origin: "https://b.example" }, 403],
    [{ origin: (origin) => origin.endsWith(".example") }, {
      origin: "https://c.example",
    }, 200],
  ];
  for (const [options, headers, status] of cases) {
    assert.equal(
      await postStatus(options, headers),
      status,
      JSON.stringify(headers),
    );
  }
});

Deno.test("csrf: reading is never refused", async () => {
  const response = await behind(csrf())("/", {
    headers: { "sec-fetch-site": "cross-site" },
  });
  assert.equal(response.status, 200);
});

Deno.test("csp: defaults, replaced and added directives", async () => {
  const get = behind(csp({
    csp: ["img-src *", "manifest-src 'self'"],
    reportTo: "/reports",
  }));
  const { headers } = await get("/");
  const policy = headers.get("content-security-policy")!.split("; ");
  assert.ok(policy.includes("default-src 'self'"));
  assert.ok(policy.includes("frame-ancestors 'none'"));
  assert.ok(policy.includes("upgrade-insecure-requests"));
  assert.ok(policy.includes("img-src *"));
  assert.ok(!policy.includes("img-src 'self' data:"));
  assert.ok(policy.includes("manifest-src 'self'"));
  assert.ok(policy.includes("report-uri /reports"));
  assert.match(headers.get("reporting-endpoints")!, /="\/reports"$/);
});

Deno.test("csp: reportOnly uses the other header", async () => {
  const { headers } = await behind(csp({ reportOnly: true }))("/");
  assert.equal(headers.get("content-security-policy"), null);
  assert.ok(headers.has("content-security-policy-report-only"));
});

Deno.test("csp: an error that passes through leaves no policy", async () => {
  const response = await behind(csp())("/forbidden");
  assert.equal(response.status, 403);
  assert.equal(response.headers.get("content-security-policy"), null);
});

function corsHeaders(
  options: CORSOptions,
  init: RequestInit,
): Promise<Response> {
  return behind(cors(options))("/", init);
}

Deno.test("cors: any origin by default, chosen ones with Vary", async () => {
  const origin = "https://a.example";
  const any = await corsHeaders({}, { headers: { origin } });
  assert.equal(any.headers.get("access-control-allow-origin"), "*");
  assert.equal(any.headers.get("vary"), null);
  const chosen = await corsHeaders(
    { origin: [origin], credentials: true, exposeHeaders: ["x-a"] },
    { headers: { origin } },
  );
  assert.equal(chosen.headers.get("access-control-allow-origin"), origin);
  assert.equal(chosen.headers.get("access-control-allow-credentials"), "true");
  assert.equal(chosen.headers.get("access-control-expose-headers"), "x-a");
  assert.equal(chosen.headers.get("vary"), "Origin");
  const refused = await corsHeaders(
    { origin: [origin] },
    { headers: { origin: "https://b.example" } },
  );
  assert.equal(refused.headers.get("access-control-allow-origin"), null);
});

Deno.test("cors: a preflight is answered with 204", async () => {
  const response = await corsHeaders({ maxAge: 60 }, {
    method: "OPTIONS",
    headers: {
      origin: "https://a.example",
      "access-control-request-method": "PUT",
      "access-control-request-headers": "x-b",
    },
  });
  assert.equal(response.status, 204);
  assert.match(response.headers.get("access-control-allow-methods")!, /PUT/);
  assert.equal(response.headers.get("access-control-allow-headers"), "x-b");
  assert.equal(response.headers.get("access-control-max-age"), "60");
});

async function statusFrom(
  hostname: string,
  rules: IPFilterRules,
): Promise<number> {
  const app = new App().use(ipFilter(rules)).get("/", () => new Response("in"));
  const response = await app.handler()(new Request(ORIGIN), {
    remoteAddr: { transport: "tcp", hostname, port: 1 },
    completed: Promise.resolve(),
  });
  return response.status;
}

Deno.test("ipFilter: addresses and ranges, deny before allow", async () => {
  const cases: [string, IPFilterRules, number][] = [
    ["10.1.2.3", {}, 200],
    ["10.1.2.3", { denyList: ["10.0.0.0/8"] }, 403],
    ["11.1.2.3", { denyList: ["10.0.0.0/8"] }, 200],
    ["10.1.2.3", { allowList: ["10.1.2.3"] }, 200],
    ["10.1.2.4", { allowList: ["10.1.2.3"] }, 403],
    ["192.168.1.10", {
      denyList: ["192.168.1.10"],
      allowList: ["192.168.1.0/24"],
    }, 403],
    ["::ffff:10.1.2.3", { denyList: ["10.0.0.0/8"] }, 403],
    ["2001:db8::1", { allowList: ["2001:db8::/32"] }, 200],
    ["2001:db9::1", { allowList: ["2001:db8::/32"] }, 403],
    ["::1", { allowList: ["0:0:0:0:0:0:0:1"] }, 200],
    ["10.1.2.3", { denyList: ["10.0.0.0/99", "nonsense", "1::2::3"] }, 200],
  ];
  for (const [address, rules, status] of cases) {
    assert.equal(
      await statusFrom(address, rules),
      status,
      `"${address}" with ${JSON.stringify(rules)}`,
    );
  }
});

Deno.test("ipFilter: onBlocked answers in place of 403", async () => {
  const app = new App().use(ipFilter({ denyList: ["*"] }, {
    onBlocked: (remote, ctx) =>
      new Response(`${remote.type} ${ctx.url.pathname}`, { status: 401 }),
  })).get("/", () => new Response("in"));
  const response = await app.handler()(new Request(ORIGIN), {
    remoteAddr: { transport: "tcp", hostname: "::1", port: 1 },
    completed: Promise.resolve(),
  });
  assert.equal(response.status, 401);
  assert.equal(await response.text(), "IPv6 /");
});

Deno.test("trailingSlashes: redirects to the one form", async () => {
  const never = behind(trailingSlashes("never"));
  const redirected = await never("/a/?b=1");
  assert.equal(redirected.status, 302);
  assert.equal(redirected.headers.get("location"), "/a?b=1");
  assert.equal((await never("/a")).status, 200);
  assert.equal((await never("/")).status, 200);
  const always = behind(trailingSlashes("always"));
  assert.equal((await always("/a?b=1")).headers.get("location"), "/a/?b=1");
  assert.equal((await always("/a/")).status, 200);
});
