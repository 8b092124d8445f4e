/** Pages of other origins, other hosts and forwarding headers, against a server on which people sign in. */
import assert from "node:assert/strict";
import { ACCESS } from "@/lib/http/access.ts";
import { newApiKeySchema } from "@/lib/auth/api_key_input.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { TestApp } from "../support/app.ts";
import { rawRequest } from "../support/raw_http.ts";
import { OWNER, ownerToken, startPeopleApp } from "./people_app.ts";
import { pathOf, readRoutes } from "./route_list.ts";

const PUBLIC_URL = "https://chat.example.org";

/** How a page of another origin shows itself, by browsers of today and of yesterday. */
const FOREIGN: Record<string, string>[] = [
  { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
  { "sec-fetch-site": "same-site", origin: "https://sub.example.org" },
  { "sec-fetch-site": "cross-site", origin: "null" },
  { origin: "https://evil.example" },
  { origin: "null" },
];

function anyPath(pattern: string): string {
  return pathOf(pattern, (name) => `${name}_0000000000000000000000`);
}

async function codeOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const json = JSON.parse(text);
    return json.code ?? json.error?.code ?? text;
  } catch {
    return /another origin|wants the header Origin/.test(text)
      ? "cross_origin"
      : /is reached at/.test(text)
      ? "wrong_host"
      : text.slice(0, 200);
  }
}

async function ownersKey(app: TestApp): Promise<string> {
  const { services } = app;
  const owner = await services.users.findByEmail(OWNER.email);
  const { token } = await services.apiKeys.create({
    mode: "password",
    workspace: FIRST_WORKSPACE,
    user: owner!.id,
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address: "127.0.0.1",
  }, newApiKeySchema.parse({ name: "k", scopes: ["v1", "api", "admin"] }));
  return token;
}

Deno.test("CSRF: no page of another origin changes anything by a session, on any route", async () => {
  await using app = await startPeopleApp();
  const cookie = `freshet_session=${await ownerToken(app)}`;
  const wrong: string[] = [];
  let count = 0;
  for (const { pattern, methods } of await readRoutes()) {
    if (ACCESS[pattern].surface === "v1") continue;
    for (const method of methods.filter((method) => method !== "GET")) {
      count += 1;
      for (const headers of FOREIGN) {
        for (
          const type of [
            "application/json",
            "application/x-www-form-urlencoded",
          ]
        ) {
          const response = await app.fetch(anyPath(pattern), {
            method,
            headers: { cookie, "content-type": type, ...headers },
            body: type === "application/json" ? "{}" : "a=b",
          });
          const code = await codeOf(response);
          if (response.status !== 403 || code !== "cross_origin") {
            wrong.push(
              `${method} ${pattern} ${
                JSON.stringify(headers)
              }: ${response.status} ${code}`,
            );
          }
        }
      }
    }
  }
  assert.ok(count > 40, `only ${count} routes change something`);
  assert.deepEqual(wrong, []);
});

Deno.test("CSRF: nor does one sign anybody in or out, or ask for mail in their name", async () => {
  await using app = await startPeopleApp();
  for (
    const [method, path] of [
      ["POST", "/api/session"],
      ["DELETE", "/api/session"],
      ["POST", "/api/password/reset"],
      ["POST", "/signin"],
      ["POST", "/signout"],
      ["POST", "/setup"],
    ]
  ) {
    for (const headers of FOREIGN) {
      const response = await app.fetch(path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(OWNER),
      });
      assert.equal(
        await codeOf(response),
        "cross_origin",
        `${method} ${path} ${JSON.stringify(headers)}`,
      );
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  }
});

Deno.test("CSRF: a key needs no origin, since no browser adds it by itself", async () => {
  await using app = await startPeopleApp();
  const authorization = `Bearer ${await ownersKey(app)}`;
  const response = await app.post("/api/threads", {}, { authorization });
  assert.equal(response.status, 201, await response.text());
});

Deno.test("CSRF: under /v1 a cookie is nobody", async () => {
  await using app = await startPeopleApp();
  const cookie = `freshet_session=${await ownerToken(app)}`;
  const response = await app.fetch("/v1/models", {
    headers: { cookie, "sec-fetch-site": "same-origin" },
  });
  assert.equal(response.status, 401);
  await response.body?.cancel();
});

Deno.test("WebSocket: no page of another origin asks for one, which no other rule would hold back", async () => {
  await using app = await startPeopleApp();
  const cookie = `Cookie: freshet_session=${await ownerToken(app)}`;
  const key = `Authorization: Bearer ${await ownersKey(app)}`;
  const { host } = new URL(app.url);
  const TAKEN = 101;
  const open = async (...headers: string[]) => {
    const { hostname, port } = new URL(app.url);
    using connection = await Deno.connect({ hostname, port: Number(port) });
    const request = [
      "GET /api/live?channels=threads HTTP/1.1",
      `Host: ${host}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
      "",
      "",
    ].join("\r\n");
    await connection.write(new TextEncoder().encode(request));
    const bytes = new Uint8Array(4_096);
    const length = await connection.read(bytes) ?? 0;
    return Number(
      /^HTTP\/1\.1 (\d+)/.exec(
        new TextDecoder().decode(bytes.subarray(0, length)),
      )?.[1],
    );
  };
  assert.equal(await open(cookie, `Origin: http://${host}`), TAKEN);
  assert.equal(await open(key), TAKEN);
  assert.equal(await open(cookie), TAKEN, "a program with a cookie of its own");
  for (
    const origin of [
      "https://evil.example",
      `https://${host}`,
      "http://127.0.0.1:1",
      "null",
    ]
  ) {
    assert.equal(await open(cookie, `Origin: ${origin}`), 403, origin);
    assert.equal(
      await open(
        cookie,
        `Origin: ${origin}`,
        "Sec-Fetch-Site: same-origin",
      ),
      403,
      origin,
    );
  }
  // Whoever is not signed in gets a socket that says so and closes; see tests/api/live_socket_test.ts.
  assert.equal(await open(`Origin: http://${host}`), TAKEN);
});

Deno.test("host: with PUBLIC_URL no other host is served, whatever the address", async () => {
  await using app = await startPeopleApp({ env: { PUBLIC_URL } });
  const cookie = `Cookie: __Host-freshet=${await ownerToken(app)}`;
  const status = async (path: string, ...headers: string[]) =>
    Number(
      /^HTTP\/1\.1 (\d{3})/.exec(
        await rawRequest(app.url, [`GET ${path} HTTP/1.1`, ...headers]),
      )?.[1],
    );
  const routes = (await readRoutes()).filter(({ methods }) =>
    methods.includes("GET")
  );
  for (
    const host of [
      "evil.example",
      "127.0.0.1",
      "localhost:8000",
      "chat.example.org.evil.example",
      "chat.example.org:8443",
    ]
  ) {
    for (const { pattern } of routes) {
      const isProbe = ["/healthz", "/readyz"].includes(pattern);
      if (ACCESS[pattern].surface === "metrics" || isProbe) continue;
      assert.equal(
        await status(anyPath(pattern), `Host: ${host}`, cookie),
        421,
        `${host} ${pattern}`,
      );
    }
    assert.equal(await status("/healthz", `Host: ${host}`), 200);
    assert.equal(
      await status(
        "/v1/models",
        `Host: ${host}`,
        `Authorization: Bearer ${await ownersKey(app)}`,
      ),
      200,
    );
  }
  assert.equal(await status("/", "Host: chat.example.org", cookie), 200);
  assert.equal(
    await status(
      "/",
      "Host: chat.example.org",
      "X-Forwarded-Host: evil.example",
      cookie,
    ),
    200,
    "a header of nobody who is trusted is not read",
  );
});

Deno.test("host: what a trusted proxy forwards is checked like Host itself", async () => {
  await using app = await startPeopleApp({
    env: { PUBLIC_URL, TRUSTED_PROXIES: "127.0.0.0/8" },
  });
  const ask = async (host: string) => {
    const response = await app.fetch("/signin", {
      headers: { "x-forwarded-for": "192.0.2.1", "x-forwarded-host": host },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask("chat.example.org"), 200);
  assert.equal(await ask("evil.example"), 421);
  assert.equal(await ask("evil.example, chat.example.org"), 200);
  assert.equal(await ask("chat.example.org, evil.example"), 421);
});

/** What goes on until somebody hangs up. */
const ENDLESS = ["/api/live", "/api/health/events"];

Deno.test("host: no page holds the host that a request made up", async () => {
  await using app = await startPeopleApp();
  const cookie = `Cookie: freshet_session=${await ownerToken(app)}`;
  for (const { pattern, methods } of await readRoutes()) {
    if (!methods.includes("GET") || ENDLESS.includes(pattern)) continue;
    const answer = await rawRequest(app.url, [
      `GET ${anyPath(pattern)} HTTP/1.1`,
      "Host: evil.example",
      cookie,
    ]);
    assert.ok(!answer.includes("evil.example"), `${pattern}\n${answer}`);
  }
});

Deno.test("forwarding: the address of a session is the connection's, or what trusted proxies say", async () => {
  const spoofed = {
    "x-forwarded-for": "6.6.6.6, 198.51.100.7",
    "x-real-ip": "6.6.6.6",
    forwarded: "for=6.6.6.6",
    "client-ip": "6.6.6.6",
    "true-client-ip": "6.6.6.6",
    "cf-connecting-ip": "6.6.6.6",
  };
  const addressSeen = async (env: Record<string, string>) => {
    await using app = await startPeopleApp({ env });
    const response = await app.post("/api/session", OWNER, spoofed);
    assert.equal(response.status, 204, await response.text());
    const cookie = response.headers.getSetCookie()[0].split(";", 1)[0];
    const list = await app.fetch("/api/sessions", { headers: { cookie } });
    return JSON.stringify(await list.json());
  };
  const untrusted = await addressSeen({});
  assert.ok(untrusted.includes("127.0.0.1"), untrusted);
  assert.ok(!/6\.6\.6\.6|198\.51/.test(untrusted), untrusted);
  const trusted = await addressSeen({ TRUSTED_PROXIES: "127.0.0.0/8" });
  assert.ok(trusted.includes("198.51.100.7"), trusted);
  assert.ok(!trusted.includes("6.6.6.6"), trusted);
});
