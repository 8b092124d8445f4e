/** Signing in and out, sessions and passwords over HTTP, as a browser and a program do. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import {
  cookieOf,
  OWNER,
  PASSWORD_MODE,
  signedIn,
} from "../support/signed_in.ts";

const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

Deno.test("POST /api/session: 204 and a cookie that only this host gets", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const response = await app.fetch("/api/session", post(OWNER));
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const cookie = response.headers.get("set-cookie") ?? "";
  assert.match(
    cookie,
    /^freshet_session=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
  );
  const state = await app.fetch("/api/session", {
    headers: { cookie: cookieOf(response) },
  });
  const { user, workspace, role, mode } = await state.json();
  assert.deepEqual([user.email, workspace.id, role, mode], [
    OWNER.email,
    "wsp_0000000000000000000000",
    "owner",
    "password",
  ]);
});

Deno.test("POST /api/session: over https, also to a proxy, the cookie is Secure and of the host alone", async () => {
  for (
    const [env, headers] of [
      [{}, { "x-forwarded-proto": "https", "x-forwarded-host": "a.example" }],
      [{ PUBLIC_URL: "https://a.example" }, {
        "x-forwarded-host": "a.example",
      }],
    ] as [Record<string, string>, Record<string, string>][]
  ) {
    await using app = await startApp({
      env: { ...PASSWORD_MODE, TRUSTED_PROXIES: "127.0.0.1", ...env },
    });
    const via = { "x-forwarded-for": "192.0.2.9", ...headers };
    const response = await app.fetch("/api/session", post(OWNER, via));
    assert.match(
      response.headers.get("set-cookie") ?? "",
      /^__Host-freshet=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax; Secure$/,
    );
    const cookie = cookieOf(response);
    const state = (cookie: string) =>
      app.fetch("/api/session", { headers: { cookie, ...via } });
    assert.equal((await state(cookie)).status, 200);
    const plain = cookie.replace("__Host-freshet", "freshet_session");
    assert.equal((await state(plain)).status, 401);
  }
});

Deno.test("GET /api/session: 401 for nobody, whatever they send as a cookie", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  for (
    const cookie of [
      "",
      "freshet_session=",
      "freshet_session=x",
      `freshet_session=${"A".repeat(43)}`,
      `freshet_session=${"A".repeat(10_000)}`,
      `__Host-freshet=${"A".repeat(43)}`,
    ]
  ) {
    const response = await app.fetch("/api/session", { headers: { cookie } });
    assert.equal(response.status, 401, cookie);
    assert.equal((await response.json()).code, "sign_in_needed");
  }
});

Deno.test("POST /api/session: bad input is 400, a wrong password 401, many are 429 with Retry-After", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  for (
    const body of [
      {},
      { email: OWNER.email },
      { email: 1, password: "x" },
      { ...OWNER, more: 1 },
      { email: "x".repeat(501), password: "x" },
      { email: OWNER.email, password: "x".repeat(2_001) },
      [],
    ]
  ) {
    const response = await app.fetch("/api/session", post(body));
    assert.equal(response.status, 400, JSON.stringify(body).slice(0, 80));
  }
  const wrong = { ...OWNER, password: "another password" };
  for (let left = 4; left >= 0; left -= 1) {
    const response = await app.fetch("/api/session", post(wrong));
    const problem = await response.json();
    assert.equal(response.status, 401);
    assert.equal(problem.code, "invalid_credentials");
    assert.equal(problem.triesLeft, left);
    assert.equal(response.headers.get("set-cookie"), null);
  }
  const blocked = await app.fetch("/api/session", post(OWNER));
  assert.equal(blocked.status, 429);
  assert.equal(blocked.headers.get("retry-after"), "60");
  const problem = await blocked.json();
  assert.equal(problem.code, "too_many_attempts");
  assert.equal(problem.retryAfterSeconds, 60);
  assert.match(problem.detail, /Wait one minute/);
});

Deno.test("POST /api/session: a token that a browser had before is never the session's", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const planted = `freshet_session=${"B".repeat(43)}`;
  const first = await app.fetch(
    "/api/session",
    post(OWNER, { cookie: planted }),
  );
  const cookie = cookieOf(first);
  assert.notEqual(cookie, planted);
  // Signing in again ends the session that the browser had.
  const second = await app.fetch("/api/session", post(OWNER, { cookie }));
  const state = (cookie: string) =>
    app.fetch("/api/session", { headers: { cookie } });
  assert.equal((await state(planted)).status, 401);
  assert.equal((await state(cookie)).status, 401);
  assert.equal((await state(cookieOf(second))).status, 200);
});

Deno.test("DELETE /api/session: signs out, also whoever is not signed in", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const response = await owner.fetch("/api/session", { method: "DELETE" });
  assert.equal(response.status, 204);
  assert.match(
    response.headers.get("set-cookie") ?? "",
    /^freshet_session=; Path=\/; Max-Age=0;/,
  );
  assert.equal((await owner.fetch("/api/session")).status, 401);
  assert.equal((await owner.fetch("/api/threads")).status, 401);
  const again = await app.fetch("/api/session", { method: "DELETE" });
  assert.equal(again.status, 204);
});

Deno.test("/api/sessions: shows devices, ends one, ends all others", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const firefox = await signedIn(app, OWNER, {
    "user-agent": "Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/145.0",
  });
  const curl = await signedIn(app, OWNER, { "user-agent": "curl/8.0" });
  const other = await signedIn(app, OWNER);
  const list = async () =>
    (await (await firefox.fetch("/api/sessions")).json()).items;
  const sessions = await list();
  assert.equal(sessions.length, 3);
  const own = sessions.find(({ current }: { current: boolean }) => current);
  assert.equal(own.device, "Firefox on Linux");
  assert.equal(own.address, "127.0.0.1");
  const theirs = sessions.find(({ device }: { device: string }) =>
    device === "curl"
  );
  const one = await firefox.fetch(`/api/sessions/${theirs.id}`);
  assert.deepEqual(await one.json(), theirs);
  const ended = await firefox.fetch(`/api/sessions/${theirs.id}`, {
    method: "DELETE",
  });
  assert.equal(ended.status, 204);
  assert.equal((await curl.fetch("/api/threads")).status, 401);
  assert.equal((await other.fetch("/api/threads")).status, 200);
  const all = await firefox.fetch("/api/sessions", { method: "DELETE" });
  assert.equal(all.status, 204);
  assert.equal((await other.fetch("/api/threads")).status, 401);
  assert.equal((await list()).length, 1);
  for (const id of [theirs.id, "ses_x", "x".repeat(3_000)]) {
    const gone = await firefox.fetch(`/api/sessions/${id}`, {
      method: "DELETE",
    });
    assert.equal(gone.status, 404, id.slice(0, 40));
  }
});

Deno.test("/api/password: a change wants the old one and ends all other sessions", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const other = await signedIn(app, OWNER);
  const change = (body: unknown) => owner.fetch("/api/password", post(body));
  const newPassword = "twelve chars";
  const cases: [unknown, number, string][] = [
    [{ oldPassword: OWNER.password, newPassword: "elevenchars" }, 400, "inva"],
    [
      { oldPassword: OWNER.password, newPassword: "x".repeat(1_025) },
      400,
      "invalid_request",
    ],
    [{ newPassword }, 400, "invalid_request"],
    [{ oldPassword: "wrong", newPassword }, 403, "wrong_password"],
  ];
  for (const [body, status, code] of cases) {
    const response = await change(body);
    assert.equal(response.status, status, JSON.stringify(body).slice(0, 80));
    assert.ok((await response.json()).code.startsWith(code));
  }
  assert.equal((await other.fetch("/api/threads")).status, 200);
  const done = await change({ oldPassword: OWNER.password, newPassword });
  assert.equal(done.status, 204);
  assert.equal((await owner.fetch("/api/threads")).status, 200);
  assert.equal((await other.fetch("/api/threads")).status, 401);
  const old = await app.fetch("/api/session", post(OWNER));
  assert.equal(old.status, 401);
  await signedIn(app, { email: OWNER.email, password: newPassword });
});

Deno.test("/api/password/reset: without mail nobody gets a link, and is told so", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  for (const email of [OWNER.email, "nobody@example.org"]) {
    const response = await app.fetch("/api/password/reset", post({ email }));
    assert.equal(response.status, 409);
    assert.equal((await response.json()).code, "mail_off");
  }
  const bad: [unknown, string][] = [
    [{}, "email"],
    [{ email: "x" }, "email"],
    [{ token: "x", password: "short" }, "password"],
    [{ token: 1, password: "a new password 12" }, "token"],
  ];
  for (const [body, path] of bad) {
    const response = await app.fetch("/api/password/reset", post(body));
    assert.equal(response.status, 400);
    assert.equal((await response.json()).errors[0].path, path);
  }
  const body = { token: "x".repeat(43), password: "a new password 12" };
  const response = await app.fetch("/api/password/reset", post(body));
  assert.equal(response.status, 404);
  assert.equal((await response.json()).code, "link_invalid");
});

Deno.test("local mode: /api/session tells the owner, and nobody signs in", async () => {
  await using app = await startApp();
  const state = await (await app.fetch("/api/session")).json();
  assert.equal(state.mode, "local");
  assert.equal(state.role, "owner");
  assert.equal(state.user.id, "usr_0000000000000000000000");
  const response = await app.fetch("/api/session", post(OWNER));
  assert.equal(response.status, 409);
  assert.equal((await response.json()).code, "local_mode");
  const patch = await app.fetch("/api/session", {
    ...post({ workspaceId: state.workspace.id }),
    method: "PATCH",
  });
  assert.equal(patch.status, 403);
});

Deno.test("local mode: what is made there is the first owner's once a password is set", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const location = `${folder}/freshet.db`;
    {
      await using app = await startApp({ location });
      const made = await app.post("/api/threads", { title: "From before" });
      assert.equal(made.status, 201);
    }
    await using app = await startApp({ location, env: PASSWORD_MODE });
    const owner = await signedIn(app, OWNER);
    const { items } = await (await owner.fetch("/api/threads")).json();
    assert.deepEqual(
      items.map(({ title }: { title: string }) => title),
      ["From before"],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("metrics: count sessions that began and tries that were refused", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const wrong = { ...OWNER, password: "another password" };
  for (let round = 0; round < 6; round += 1) {
    const response = await app.fetch("/api/session", post(wrong));
    await response.body?.cancel();
  }
  const text = await (await owner.fetch("/metrics")).text();
  for (
    const line of [
      'freshet_sessions_begun_total{method="password"} 1',
      'freshet_sign_ins_refused_total{reason="invalid_credentials"} 5',
      'freshet_sign_ins_refused_total{reason="too_many_attempts"} 1',
    ]
  ) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});
