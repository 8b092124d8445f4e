import assert from "node:assert/strict";
import { ConfigError } from "@/lib/config/config_error.ts";
import { readTrustedProxies } from "@/lib/config/trusted_proxies.ts";
import { clientAddress } from "./client_address.ts";
import { NO_PROXIES, trustedProxies } from "./trusted_proxies.ts";

const PROXY = "10.0.0.1";
const TRUSTED = trustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48", "::1"]);

function info(hostname: string): Deno.ServeHandlerInfo {
  return {
    remoteAddr: { transport: "tcp", hostname, port: 4711 },
    completed: Promise.resolve(),
  };
}

function seen(
  headers: Record<string, string>,
  { from = PROXY, trusted = TRUSTED } = {},
) {
  const request = new Request("http://127.0.0.1:8000/");
  // A Request object drops Host, which a server does receive.
  Object.defineProperty(request, "headers", {
    value: new Headers({ host: "127.0.0.1:8000", ...headers }),
  });
  return clientAddress(request, info(from), trusted);
}

const addressOf = (...given: Parameters<typeof seen>) => seen(...given).address;

const ALL_TRICKS = {
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "evil.example",
  "forwarded": "for=6.6.6.6;proto=https;host=evil.example",
  "x-real-ip": "6.6.6.6",
};

Deno.test("clientAddress: without trusted proxies no header counts", () => {
  assert.deepEqual(seen(ALL_TRICKS, { from: "9.9.9.9", trusted: NO_PROXIES }), {
    address: "9.9.9.9",
    protocol: "http",
    host: "127.0.0.1:8000",
  });
});

Deno.test("clientAddress: headers of a client that is no proxy do not count", () => {
  assert.deepEqual(seen(ALL_TRICKS, { from: "9.9.9.9" }), {
    address: "9.9.9.9",
    protocol: "http",
    host: "127.0.0.1:8000",
  });
});

Deno.test("clientAddress: a trusted proxy tells address, protocol and host", () => {
  assert.deepEqual(
    seen({
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "Chat.Example.org",
    }),
    { address: "203.0.113.7", protocol: "https", host: "chat.example.org" },
  );
  assert.deepEqual(
    seen({
      forwarded:
        'for="[2001:db8:cafe::17]:4711";proto=https;host="chat.example.org:8443"',
    }),
    {
      address: "2001:db8:cafe::17",
      protocol: "https",
      host: "chat.example.org:8443",
    },
  );
  assert.equal(addressOf({ "x-real-ip": "203.0.113.7" }), "203.0.113.7");
});

Deno.test("clientAddress: the right-most hop that is not trusted is the client", () => {
  const cases: [string, string][] = [
    ["6.6.6.6, 203.0.113.7", "203.0.113.7"],
    ["6.6.6.6, 203.0.113.7, 10.0.0.9", "203.0.113.7"],
    ["10.0.0.5, 203.0.113.7, 10.0.0.9, 10.0.0.8", "203.0.113.7"],
    ["10.0.0.5", "10.0.0.5"],
    ["10.0.0.4,10.0.0.5", "10.0.0.4"],
    ["203.0.113.7:51234", "203.0.113.7"],
    ["[2001:db8::7]:51234", "2001:db8::7"],
    ["2001:db8::7", "2001:db8::7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["203.0.113.7, 2001:db8:ffff::1", "203.0.113.7"],
  ];
  for (const [header, expected] of cases) {
    assert.equal(addressOf({ "x-forwarded-for": header }), expected, header);
    const forwarded = header.split(",").map((node) => `for="${node.trim()}"`)
      .join(", ");
    assert.equal(addressOf({ forwarded }), expected, forwarded);
  }
});

Deno.test("clientAddress: what is not an address ends the search at the hop that said it", () => {
  for (
    const junk of [
      "unknown",
      "_hidden",
      "",
      "localhost",
      "127.1",
      "0x7f000001",
      "010.0.0.1",
      "1.2.3.4.5",
      "1.2.3.4, ,",
      "fe80::1%eth0",
      "<script>",
      "1.2.3.4:port",
      "[::1",
    ]
  ) {
    assert.equal(addressOf({ "x-forwarded-for": junk }), PROXY, junk);
    assert.equal(
      addressOf({ "x-forwarded-for": `6.6.6.6, ${junk}, 10.0.0.2` }),
      "10.0.0.2",
      junk,
    );
  }
});

Deno.test("clientAddress: Forwarded that is not well formed is not read at all", () => {
  for (
    const start of [
      'for="',
      'for="\\',
      'for="a',
      "for=a b",
      "for",
      "for=1.1.1.1;for=2.2.2.2",
      "for = 1.1.1.1",
      'for="x"y',
      "for=[::1]",
    ]
  ) {
    for (
      const own of ["for=203.0.113.7", 'for="[2001:db8::7]"', 'for="_secret"']
    ) {
      const address = addressOf({ forwarded: `${start}, ${own}` });
      assert.equal(address, PROXY, `${start}, ${own}`);
    }
  }
});

Deno.test("clientAddress: a Forwarded of the client's own does not outdo X-Forwarded-For", () => {
  const headers = {
    "x-forwarded-for": "203.0.113.7",
    forwarded: "for=6.6.6.6;host=evil.example;proto=https",
    "x-real-ip": "6.6.6.6",
  };
  assert.deepEqual(seen(headers), {
    address: "203.0.113.7",
    protocol: "http",
    host: "127.0.0.1:8000",
  });
});

Deno.test("clientAddress: protocol and host are those that were said of the client's hop", () => {
  const two = {
    "x-forwarded-for": "203.0.113.7, 10.0.0.9",
    "x-forwarded-proto": "https, http",
    "x-forwarded-host": "chat.example.org, inner:8000",
  };
  assert.equal(seen(two).protocol, "https");
  assert.equal(seen(two).host, "chat.example.org");
  const forged = {
    "x-forwarded-for": "6.6.6.6, 203.0.113.7",
    "x-forwarded-proto": "https, http",
    "x-forwarded-host": "evil.example, chat.example.org",
  };
  assert.equal(seen(forged).protocol, "http");
  assert.equal(seen(forged).host, "chat.example.org");
  const websocket = {
    "x-forwarded-for": "1.2.3.4",
    "x-forwarded-proto": "wss",
  };
  assert.equal(seen(websocket).protocol, "https");
});

Deno.test("clientAddress: a host or protocol that cannot be one is as if not said", () => {
  for (
    const host of [
      "evil.example/path",
      "user@evil.example",
      "a b",
      "evil.example#",
      "-",
      "[::1",
      "a:b",
      "<b>",
      "x".repeat(300),
    ]
  ) {
    const headers = { "x-forwarded-for": "1.2.3.4", "x-forwarded-host": host };
    assert.equal(seen(headers).host, "127.0.0.1:8000", host);
    assert.equal(seen({ host }).host, null, host);
  }
  const proto = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "ftp" };
  assert.equal(seen(proto).protocol, "http");
});

Deno.test("clientAddress: a Unix socket counts as loopback, a mapped peer as version 4", () => {
  const unix: Deno.ServeHandlerInfo<Deno.UnixAddr> = {
    remoteAddr: { transport: "unix", path: "/run/freshet.sock" },
    completed: Promise.resolve(),
  };
  const request = new Request("http://localhost/", {
    headers: { "x-forwarded-for": "203.0.113.7" },
  });
  const ask = (trusted: string) =>
    clientAddress(
      request,
      unix as Deno.ServeHandlerInfo<Deno.Addr> as Deno.ServeHandlerInfo,
      trustedProxies([trusted]),
    ).address;
  assert.equal(ask("127.0.0.0/8"), "203.0.113.7");
  assert.equal(ask("10.0.0.0/8"), "127.0.0.1");
  assert.equal(
    addressOf({ "x-forwarded-for": "203.0.113.7" }, {
      from: "::ffff:10.0.0.1",
    }),
    "203.0.113.7",
  );
});

Deno.test("readTrustedProxies: a part that is no network ends the start and is named", () => {
  for (
    const wrong of [
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0.0/-1",
      "proxy.example",
      "10.1/16",
      "*",
      "fe80::1%eth0",
      "::ffff:10.0.0.0/8",
    ]
  ) {
    assert.throws(
      () => readTrustedProxies(`127.0.0.1, ${wrong}`),
      (error) =>
        error instanceof ConfigError && error.message.includes(`"${wrong}"`),
      wrong,
    );
  }
  assert.deepEqual(readTrustedProxies(" "), []);
  assert.deepEqual(readTrustedProxies(undefined), []);
  assert.deepEqual(readTrustedProxies("10.0.0.0/8,::1 fc00::/7"), [
    "10.0.0.0/8",
    "::1",
    "fc00::/7",
  ]);
});
