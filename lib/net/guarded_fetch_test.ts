import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { guardedFetch, type OutgoingOptions } from "./guarded_fetch.ts";
import { NOTHING_MORE, readAllowList } from "./outgoing_rules.ts";
import { HOOK_CERTIFICATE, HOOK_KEY } from "./testing/certificate.ts";

/** Server of this machine, which nothing but an entry of the allow-list opens. */
interface Inner extends AsyncDisposable {
  port: number;
  asked: { method: string; url: URL; headers: Headers; body: string }[];
}

function serveInner(
  answer: (request: Request) => Response | Promise<Response> = () =>
    new Response("inner"),
  tls: { cert: string; key: string } | null = null,
): Inner {
  const asked: Inner["asked"] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...tls },
    async (request) => {
      asked.push({
        method: request.method,
        url: new URL(request.url),
        headers: request.headers,
        body: await request.clone().text(),
      });
      return await answer(request);
    },
  );
  return {
    port: server.addr.port,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Names of a domain name system of the test's own. */
function names(records: Record<string, string[]>) {
  const asked: string[] = [];
  return {
    asked,
    resolve: (host: string) => {
      asked.push(host);
      return host in records
        ? Promise.resolve(records[host])
        : Promise.reject(new Error("ENOTFOUND"));
    },
  };
}

const code = (expected: string) => (error: unknown) =>
  error instanceof AppError && error.code === expected;

const OPEN: OutgoingOptions = { allow: readAllowList(["127.0.0.1"]) };
const CLOSED: OutgoingOptions = { allow: NOTHING_MORE };

Deno.test("guardedFetch: asks what is allowed, as it was told", async () => {
  await using inner = serveInner(() =>
    new Response("taken", { status: 201, headers: { "x-one": "1" } })
  );
  const response = await guardedFetch(
    `http://127.0.0.1:${inner.port}/hook?a=b#c`,
    {
      method: "POST",
      headers: { "content-type": "application/json", host: "evil.example" },
      body: '{"river":"河"}',
    },
    OPEN,
  );
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-one"), "1");
  assert.equal(await response.text(), "taken");
  const [{ method, url, headers, body }] = inner.asked;
  assert.deepEqual([method, url.pathname + url.search, body], [
    "POST",
    "/hook?a=b",
    '{"river":"河"}',
  ]);
  assert.equal(headers.get("host"), `127.0.0.1:${inner.port}`);
  assert.equal(headers.get("content-length"), "15");
  assert.equal(headers.get("accept-encoding"), "identity");
});

Deno.test("guardedFetch: a name that leads to this network is refused and nothing is asked", async () => {
  await using inner = serveInner();
  for (
    const address of [
      "127.0.0.1",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "10.0.0.1",
      "169.254.169.254",
      "fd00:ec2::254",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "0.0.0.0",
      "not an address",
    ]
  ) {
    const { resolve } = names({ "hook.example": [address] });
    await assert.rejects(
      guardedFetch(`http://hook.example:${inner.port}/`, {}, {
        ...CLOSED,
        resolve,
      }),
      code("address_refused"),
      address,
    );
  }
  assert.equal(inner.asked.length, 0);
});

Deno.test("guardedFetch: an unknown name is refused in the same words as a name within", async () => {
  const { resolve } = names({ "inner.example": ["10.0.0.1"] });
  const told = async (host: string) =>
    await guardedFetch(`http://${host}/`, {}, { ...CLOSED, resolve }).then(
      () => "answered",
      (error) => error.message,
    );
  assert.equal(await told("inner.example"), await told("unknown.example"));
  assert.ok(!(await told("inner.example")).includes("10.0.0.1"));
});

Deno.test("guardedFetch: connects to the address that was checked, though the name changes meanwhile", async () => {
  await using inner = serveInner();
  await using other = serveInner(() => new Response("rebound"));
  // Checked as 127.0.0.2, which is allowed; every later question would lead to 127.0.0.1.
  let count = 0;
  const resolve = (host: string) => {
    assert.equal(host, "rebinding.example");
    count += 1;
    return Promise.resolve([count === 1 ? "127.0.0.2" : "127.0.0.1"]);
  };
  await assert.rejects(
    guardedFetch(`http://rebinding.example:${other.port}/`, {}, {
      allow: readAllowList(["127.0.0.2"]),
      resolve,
    }),
    code("address_failed"),
  );
  assert.equal(count, 1);
  assert.equal(other.asked.length, 0);
  const pinned = names({ "no.such.name.example": ["127.0.0.1"] });
  const response = await guardedFetch(
    `http://no.such.name.example:${inner.port}/`,
    {},
    { ...OPEN, resolve: pinned.resolve },
  );
  assert.equal(await response.text(), "inner");
  assert.equal(
    inner.asked[0].headers.get("host"),
    `no.such.name.example:${inner.port}`,
  );
  assert.equal(pinned.asked.length, 1);
});

Deno.test("guardedFetch: of several addresses only those that may be connected to are", async () => {
  await using inner = serveInner();
  const mixed = names({
    "mixed.example": ["10.0.0.1", "127.0.0.1", "169.254.169.254"],
  });
  const response = await guardedFetch(
    `http://mixed.example:${inner.port}/`,
    {},
    { ...OPEN, resolve: mixed.resolve },
  );
  assert.equal(await response.text(), "inner");
});

Deno.test("guardedFetch: over https the certificate is checked against the name, not the address", async () => {
  await using inner = serveInner(() => new Response("secure"), {
    cert: HOOK_CERTIFICATE,
    key: HOOK_KEY,
  });
  const { resolve } = names({
    "hook.example": ["127.0.0.1"],
    "other.example": ["127.0.0.1"],
  });
  const options = { ...OPEN, resolve, caCerts: [HOOK_CERTIFICATE] };
  const response = await guardedFetch(
    `https://hook.example:${inner.port}/`,
    {},
    options,
  );
  assert.equal(await response.text(), "secure");
  for (
    const [url, trust] of [
      [`https://other.example:${inner.port}/`, options],
      [`https://127.0.0.1:${inner.port}/`, options],
      [`https://hook.example:${inner.port}/`, { ...OPEN, resolve }],
    ] as const
  ) {
    await assert.rejects(
      guardedFetch(url, {}, trust),
      code("address_failed"),
      url,
    );
  }
  assert.equal(inner.asked.length, 1);
});

Deno.test("guardedFetch: each redirect is checked like the first address", async () => {
  let target = "";
  await using inner = serveInner((request) =>
    new URL(request.url).pathname === "/start"
      ? new Response(null, { status: 302, headers: { location: target } })
      : new Response("inner")
  );
  const { resolve } = names({
    "start.example": ["127.0.0.1"],
    "inner.example": ["127.0.0.2"],
  });
  const follow = () =>
    guardedFetch(`http://start.example:${inner.port}/start`, {}, {
      allow: readAllowList(["start.example"]),
      resolve,
    });
  for (
    const location of [
      `http://127.0.0.1:${inner.port}/secret`,
      `http://localhost:${inner.port}/secret`,
      `http://inner.example:${inner.port}/secret`,
      `//127.0.0.1:${inner.port}/secret`,
      `http://2130706433:${inner.port}/secret`,
      "http://169.254.169.254/latest/meta-data/",
      "http://[::ffff:127.0.0.1]/",
      "file:///etc/passwd",
      `http://user@start.example:${inner.port}/secret`,
    ]
  ) {
    target = location;
    await assert.rejects(follow(), code("address_refused"), location);
  }
  assert.ok(inner.asked.every(({ url }) => url.pathname === "/start"));
  target = "/end";
  assert.equal(await (await follow()).text(), "inner");
});

Deno.test("guardedFetch: credentials stay behind when a redirect leads to another origin", async () => {
  await using second = serveInner();
  await using first = serveInner(() =>
    new Response(null, {
      status: 307,
      headers: { location: `http://127.0.0.1:${second.port}/end` },
    })
  );
  await guardedFetch(`http://127.0.0.1:${first.port}/`, {
    method: "POST",
    headers: {
      authorization: "Bearer one",
      cookie: "a=b",
      "webhook-signature": "v1,x",
      "content-type": "text/plain",
    },
    body: "twice",
  }, OPEN).then((response) => response.body?.cancel());
  const [{ method, headers, body }] = second.asked;
  assert.deepEqual([method, body], ["POST", "twice"]);
  assert.equal(headers.get("content-type"), "text/plain");
  for (const name of ["authorization", "cookie", "webhook-signature"]) {
    assert.equal(first.asked[0].headers.has(name), true, name);
    assert.equal(headers.has(name), false, name);
  }
});

Deno.test("guardedFetch: follows five redirects, and none where none is wanted", async () => {
  await using inner = serveInner((request) => {
    const step = Number(new URL(request.url).pathname.slice(1));
    return step === 0 ? new Response("end") : new Response("on", {
      status: 302,
      headers: { location: `/${step - 1}` },
    });
  });
  const start = (step: number, maxRedirects?: number) =>
    guardedFetch(`http://127.0.0.1:${inner.port}/${step}`, {}, {
      ...OPEN,
      maxRedirects,
    });
  assert.equal(await (await start(5)).text(), "end");
  await assert.rejects(start(6), code("address_failed"));
  const unfollowed = await start(1, 0);
  assert.equal(unfollowed.status, 302);
  assert.equal(await unfollowed.text(), "on");
});

Deno.test("guardedFetch: a body beyond its bound fails, told of before or not", async () => {
  const chunk = new Uint8Array(1_000);
  await using inner = serveInner((request) =>
    new URL(request.url).pathname === "/whole"
      ? new Response(new Uint8Array(5_000))
      : new Response(
        ReadableStream.from((async function* () {
          for (let count = 0; count < 1_000; count += 1) {
            yield await Promise.resolve(chunk);
          }
        })()),
      )
  );
  for (const path of ["/whole", "/stream"]) {
    const response = await guardedFetch(
      `http://127.0.0.1:${inner.port}${path}`,
      {},
      { ...OPEN, maxBytes: 4_999 },
    );
    await assert.rejects(
      response.arrayBuffer(),
      code("address_answer_too_large"),
      path,
    );
  }
  const exact = await guardedFetch(`http://127.0.0.1:${inner.port}/whole`, {}, {
    ...OPEN,
    maxBytes: 5_000,
  });
  assert.equal((await exact.arrayBuffer()).byteLength, 5_000);
});

Deno.test("guardedFetch: silence before or within the answer ends by the time limit", async () => {
  const gate = Promise.withResolvers<void>();
  await using inner = serveInner(async (request) => {
    if (new URL(request.url).pathname === "/silent") await gate.promise;
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("a"));
          // Nothing follows, and it never ends.
        },
      }),
    );
  });
  const options = { ...OPEN, timeoutMs: 300 };
  try {
    await assert.rejects(
      guardedFetch(`http://127.0.0.1:${inner.port}/silent`, {}, options),
      code("address_timeout"),
    );
    const response = await guardedFetch(
      `http://127.0.0.1:${inner.port}/slow`,
      {},
      { ...OPEN, timeoutMs: 2_000 },
    );
    await assert.rejects(response.text(), code("address_timeout"));
    await assert.rejects(
      guardedFetch("http://slow.example/", {}, {
        ...options,
        resolve: () => new Promise(() => {}),
      }),
      code("address_timeout"),
    );
  } finally {
    gate.resolve();
  }
});

Deno.test("guardedFetch: the caller's own signal ends it with its reason", async () => {
  const gate = Promise.withResolvers<void>();
  await using inner = serveInner(async () => {
    await gate.promise;
    return new Response("late");
  });
  const stop = new AbortController();
  const reason = new Error("Not wanted any more");
  const asked = guardedFetch(`http://127.0.0.1:${inner.port}/`, {
    signal: stop.signal,
  }, OPEN);
  stop.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
  gate.resolve();
});

Deno.test("guardedFetch: an answer that breaks off is not taken for whole", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const broken = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4_096));
      await connection.write(
        new TextEncoder().encode(
          "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it",
        ),
      );
      connection.close();
    }
  })();
  try {
    const response = await guardedFetch(
      `http://127.0.0.1:${listener.addr.port}/`,
      {},
      OPEN,
    );
    await assert.rejects(response.text(), code("address_failed"));
  } finally {
    listener.close();
    await broken;
  }
});
