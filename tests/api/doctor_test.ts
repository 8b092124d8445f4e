/** The stream doctor through real proxies: it names what each of them does, and what mends it. */
import assert from "node:assert/strict";
import type {
  Check,
  CheckId,
  DoctorReport,
} from "@/lib/shared/doctor/doctor_report.ts";
import { examine } from "@/lib/shared/doctor/examine.ts";
import { fixesFor } from "@/lib/shared/doctor/proxies.ts";
import type { DoctorEcho } from "@/lib/shared/wire.ts";
import { MOST_PROBES_OF_ONE } from "@/lib/http/probe_seats.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { type ProxyFaults, startProxy } from "../support/proxy.ts";
import { waitFor } from "../support/wait.ts";

/** Short, but events are further apart than a loaded machine is late. */
const SIZES = { events: 8, gapMs: 120, quietMs: 600, longMs: 0 };
const NEVER = new AbortController().signal;

async function look(
  url: string,
  sizes: Partial<typeof SIZES> = {},
): Promise<DoctorReport> {
  return await examine({
    fetch: (path, init) => fetch(`${url}${path}`, init),
    openSocket: (path) => new WebSocket(`${url.replace(/^http/, "ws")}${path}`),
    nowMs: () => performance.now(),
    signal: NEVER,
    sizes: { ...SIZES, ...sizes },
  });
}

/** What is found through a proxy with faults. */
async function through(
  app: TestApp,
  faults: ProxyFaults,
  sizes: Partial<typeof SIZES> = {},
): Promise<DoctorReport> {
  await using proxy = startProxy(app.url, faults);
  return await look(proxy.url, sizes);
}

const find = ({ checks }: DoctorReport, id: CheckId): Check =>
  checks.find((check) => check.id === id)!;

const bad = ({ checks }: DoctorReport) =>
  checks.filter(({ status }) => status === "bad").map(({ id }) => id);

Deno.test("examine: names what a proxy does to streams, and nothing else", async (test) => {
  await using app = await startApp();
  const [direct, open, collecting, compressing, cutting, old, holding] =
    await Promise.all([
      look(app.url, { longMs: 500 }),
      through(app, {}),
      through(app, { collects: true, headers: { server: "nginx/1.27" } }),
      through(app, { compresses: true }),
      through(app, { silenceMs: 700 }, { quietMs: 1_800 }),
      through(app, { refusesSockets: true }),
      through(app, { holdsMs: 2_000 }),
    ]);
  await test.step("all is well straight to the server", () => {
    assert.deepEqual(
      direct.checks.map(({ id, status }) => `${id} ${status}`),
      ["stream", "quiet", "socket", "compression", "address", "long"]
        .map((id) => `${id} good`),
      JSON.stringify(direct.checks),
    );
    assert.deepEqual(fixesFor(direct.checks, direct.proxies), []);
  });
  await test.step("all is well through one that passes it on", () => {
    assert.deepEqual(bad(open), [], JSON.stringify(open.checks));
  });
  await test.step("one that collects, with what mends it in the one that showed itself", () => {
    assert.deepEqual(bad(collecting), ["stream"]);
    const { text, problem } = find(collecting, "stream");
    assert.equal(problem, "buffering");
    assert.match(text, /came all at once/);
    assert.deepEqual(collecting.proxies, ["nginx"]);
    const [first, ...others] = fixesFor(collecting.checks, collecting.proxies);
    assert.equal(first.proxy, "nginx");
    assert.match(String(first.fixes[0].code), /proxy_buffering off;/);
    assert.equal(others.length, 3);
  });
  await test.step("one that compresses", () => {
    const { status, problem } = find(compressing, "compression");
    assert.deepEqual([status, problem], ["bad", "compression"]);
  });
  await test.step("one that ends what is silent", () => {
    assert.ok(bad(cutting).includes("quiet"), JSON.stringify(cutting.checks));
    const { text, problem } = find(cutting, "quiet");
    assert.equal(problem, "idle");
    assert.match(text, /^It was cut after .* 1 of 2 events/);
  });
  await test.step("one that knows no WebSockets", () => {
    assert.deepEqual(bad(old), ["socket"], JSON.stringify(old.checks));
    assert.equal(find(old, "socket").problem, "socket");
  });
  await test.step("one that holds back what comes over a WebSocket", () => {
    assert.deepEqual(bad(holding), ["socket"], JSON.stringify(holding.checks));
    assert.equal(find(holding, "socket").problem, "buffering");
  });
});

Deno.test("examine: a server that is not there is told, and nothing hangs", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const report = await look(`http://127.0.0.1:${port}`);
  assert.deepEqual(bad(report), ["stream", "quiet", "socket"]);
});

Deno.test("/api/doctor: refuses numbers that are none, says 426 without an upgrade", async () => {
  await using app = await startApp();
  for (
    const query of [
      "events=x",
      "events=201",
      "gapMs=15001",
      "events=-1",
      "events=200&gapMs=1000",
    ]
  ) {
    const answer = await app.fetch(`/api/doctor/stream?${query}`);
    await answer.body?.cancel();
    assert.equal(answer.status, 400, query);
  }
  const none = await app.fetch("/api/doctor/stream?events=0");
  assert.equal(await none.text(), "");
  const plain = await app.fetch("/api/doctor/socket");
  await plain.body?.cancel();
  assert.equal(plain.status, 426);
});

Deno.test("/api/doctor/stream: who goes while an event is on its way gets no further one", async () => {
  await using app = await startApp();
  const address = `${app.url}/api/doctor/stream?events=200&gapMs=0`;
  // Where the server still writes, the error is nobody's and ends this file.
  for (let turn = 0; turn < 60; turn++) {
    const hangUp = new AbortController();
    const method = turn % 3 === 0 ? "HEAD" : "GET";
    const asked = fetch(address, { method, signal: hangUp.signal })
      .then((response) => response.body?.cancel(), () => {});
    setTimeout(() => hangUp.abort(), turn % 15);
    await asked;
  }
  const response = await app.fetch("/api/doctor/stream?events=2&gapMs=0");
  assert.equal((await response.text()).match(/^data: /gm)?.length, 2);
});

Deno.test("/api/doctor/stream: one person holds so many connections and no more", async () => {
  await using app = await startApp();
  const address = "/api/doctor/stream?events=12&gapMs=15000";
  const answers = await Promise.all(
    Array.from({ length: MOST_PROBES_OF_ONE + 3 }, () => app.fetch(address)),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 3);
  assert.equal((await refused[0].json()).code, "too_many_probes");
  assert.match(refused[0].headers.get("retry-after") ?? "", /^\d+$/);
  await Promise.all(
    answers.map((answer) => answer.bodyUsed ? null : answer.body?.cancel()),
  );
  await waitFor("the seats to be free", async () => {
    const answer = await app.fetch("/api/doctor/stream?events=0");
    await answer.body?.cancel();
    return answer.status === 200 ? true : null;
  });
});

Deno.test("/api/doctor/echo: shows what proxies add, whether they are believed, and no secret", async () => {
  const headers = {
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-api-key": "secret",
  };
  for (const trusted of ["", "127.0.0.1"]) {
    await using app = await startApp({
      env: { ...PASSWORD_MODE, ...(trusted && { TRUSTED_PROXIES: trusted }) },
    });
    const owner = await signedIn(app, OWNER, headers);
    const answer = await owner.fetch("/api/doctor/echo", { headers });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const echo: DoctorEcho = JSON.parse(text);
    assert.equal(echo.isForwarded, true);
    assert.equal(echo.isProxyTrusted, trusted !== "");
    assert.equal(echo.address, trusted === "" ? "127.0.0.1" : "203.0.113.9");
    assert.equal(echo.headers["x-forwarded-for"], "203.0.113.9");
    assert.ok(!text.includes("secret") && !text.includes("freshet"), text);
  }
});

Deno.test("deno task doctor: a server that cannot be asked ends it with 2, and why", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-net",
      "--allow-env",
      "scripts/doctor.ts",
      `http://127.0.0.1:${port}`,
    ],
  }).output();
  assert.equal(code, 2);
  assert.match(new TextDecoder().decode(stderr), /cannot be reached/);
});
