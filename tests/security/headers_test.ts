/** What browsers are told on every page and answer. */
import assert from "node:assert/strict";
import { ACCESS } from "@/lib/http/access.ts";
import { ownerToken, startPeopleApp } from "./people_app.ts";
import { pathOf, readRoutes } from "./route_list.ts";

const HTTPS = {
  "x-forwarded-for": "192.0.2.1",
  "x-forwarded-proto": "https",
};

Deno.test("headers: every answer to a signed-in browser forbids framing, sniffing, keeping and foreign scripts", async () => {
  await using app = await startPeopleApp();
  const cookie = `freshet_session=${await ownerToken(app)}`;
  const missing: string[] = [];
  for (const { pattern, methods } of await readRoutes()) {
    if (!methods.includes("GET")) continue;
    const path = pathOf(pattern, (name) => `${name}_unknown`);
    const response = await app.fetch(path, { headers: { cookie } });
    await response.body?.cancel();
    const { headers } = response;
    const policy = headers.get("content-security-policy") ?? "";
    const isApi = ACCESS[pattern].surface !== "page";
    const checks: [string, boolean][] = [
      ["nosniff", headers.get("x-content-type-options") === "nosniff"],
      ["frame", headers.get("x-frame-options") === "DENY"],
      ["frame-ancestors", /frame-ancestors 'none'/.test(policy)],
      ["base-uri", /base-uri 'none'/.test(policy)],
      ["default-src", /default-src '(self|none)'/.test(policy)],
      [
        "unsafe",
        !/unsafe-inline|unsafe-eval|\*/.test(policy) ||
        response.status === 303,
      ],
      ["referrer", headers.get("referrer-policy") === "same-origin"],
      ["coop", headers.get("cross-origin-opener-policy") === "same-origin"],
      ["corp", headers.get("cross-origin-resource-policy") === "same-origin"],
      [
        "permissions",
        /camera=\(\)/.test(headers.get("permissions-policy") ?? ""),
      ],
      ["no-store", /no-store/.test(headers.get("cache-control") ?? "")],
      ["cors", headers.get("access-control-allow-origin") === null],
      ["hsts", headers.get("strict-transport-security") === null],
      ["object-src", isApi || /object-src 'none'/.test(policy)],
      ["form-action", /form-action '(self|none)'/.test(policy)],
    ];
    for (const [name, isThere] of checks) {
      if (!isThere) missing.push(`${pattern}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});

Deno.test("headers: over https browsers are told to stay there, over plain http they are not sent away", async () => {
  await using app = await startPeopleApp({
    env: { TRUSTED_PROXIES: "127.0.0.0/8" },
  });
  const read = async (headers: Record<string, string>) => {
    const response = await app.fetch("/signin", { headers });
    await response.body?.cancel();
    return {
      hsts: response.headers.get("strict-transport-security"),
      upgrades: response.headers.get("content-security-policy")!
        .includes("upgrade-insecure-requests"),
    };
  };
  assert.deepEqual(await read(HTTPS), {
    hsts: "max-age=31536000",
    upgrades: true,
  });
  assert.deepEqual(await read({}), { hsts: null, upgrades: false });
  await app.close();

  await using untrusting = await startPeopleApp();
  const response = await untrusting.fetch("/signin", { headers: HTTPS });
  await response.body?.cancel();
  assert.equal(response.headers.get("strict-transport-security"), null);
});

Deno.test("headers: errors carry them too, whoever makes the error", async () => {
  await using app = await startPeopleApp();
  for (
    const [path, init] of [
      ["/no/such/page", {}],
      ["/api/no-such", {}],
      ["/v1/models", {}],
      ["/api/threads", {
        headers: { authorization: `Bearer frk_${"x".repeat(40)}` },
      }],
      ["/signin", {
        method: "POST",
        headers: { origin: "https://evil.example" },
      }],
      ["/api/session", {
        method: "POST",
        body: "{",
        headers: { "content-type": "application/json" },
      }],
    ] as [string, RequestInit][]
  ) {
    const response = await app.fetch(path, init);
    await response.body?.cancel();
    const { headers } = response;
    assert.ok(response.status >= 400, `${path} ${response.status}`);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("x-frame-options"), "DENY", path);
    assert.match(
      headers.get("content-security-policy")!,
      /frame-ancestors 'none'/,
    );
    assert.equal(headers.get("set-cookie"), null, path);
  }
});
