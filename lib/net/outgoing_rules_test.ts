import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { parseAddress } from "./ip_address.ts";
import {
  checkUrl,
  NOTHING_MORE,
  type OutgoingRules,
  parseAllowed,
  readAllowList,
} from "./outgoing_rules.ts";
import { isPublic } from "./public_address.ts";

const isRefused = (error: unknown) =>
  error instanceof AppError && error.status === 400 &&
  error.code === "address_refused";

function assertRefused(url: string, rules: Partial<OutgoingRules> = {}): void {
  assert.throws(
    () => checkUrl(url, { allow: NOTHING_MORE, ...rules }),
    isRefused,
    url,
  );
}

/** Addresses that are not of the public internet, in each range its first and last ones and those of note. */
const NOT_PUBLIC = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.0",
  "10.255.255.255",
  "100.64.0.1",
  "100.100.100.200",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.254",
  "168.63.129.16",
  "169.254.0.1",
  "169.254.169.254",
  "169.254.170.2",
  "172.16.0.0",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.0",
  "192.168.255.255",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.255",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:a00:1",
  "::ffff:0:7f00:1",
  "64:ff9b::7f00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::a00:1",
  "100::1",
  "2001::1",
  "2001:0:7f00:1::",
  "2001:10::1",
  "2001:20::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "3fff::1",
  "5f00::1",
  "fc00::1",
  "fd00:ec2::254",
  "fdff::1",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "ff0e::1",
];

const PUBLIC = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "223.255.255.255",
  "2001:200::1",
  "2001:4860:4860::8888",
  "2606:4700::1111",
  "2a00:1450::1",
];

Deno.test("isPublic: no address of a network of one's own, of this machine or its cloud", () => {
  for (const text of NOT_PUBLIC) {
    assert.equal(isPublic(parseAddress(text)!), false, text);
  }
});

Deno.test("isPublic: the neighbours of those ranges are public", () => {
  for (const text of PUBLIC) assert.ok(isPublic(parseAddress(text)!), text);
});

Deno.test("checkUrl: refuses each of them as a host", () => {
  for (const text of NOT_PUBLIC) {
    assertRefused(text.includes(":") ? `http://[${text}]/` : `http://${text}/`);
  }
});

Deno.test("checkUrl: refuses other spellings of an address, whichever it is", () => {
  for (
    const host of [
      "2130706433",
      "0x7f000001",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "017700000001",
      "127.1",
      "127.0.1",
      "0",
      "127.0.0.1.",
      "１２７.0.0.1",
      "①②⑦.⓪.⓪.①",
      "127。0。0。1",
      "%31%32%37.0.0.1",
      "2852039166",
      "0xa9fea9fe",
      "134744072",
      "0x08.0x08.0x08.0x08",
      "[::ffff:8.8.8.8]",
      "[::ffff:808:808]",
    ]
  ) assertRefused(`http://${host}/`);
});

Deno.test("checkUrl: refuses names that are this machine, and what is no name", () => {
  for (
    const host of [
      "localhost",
      "LOCALHOST",
      "localhost.",
      "api.localhost",
      "example.com.",
      "a..b",
      "-a.example",
      "[fe80::1%25eth0]",
      "",
    ]
  ) assertRefused(`http://${host}/`);
});

Deno.test("checkUrl: refuses credentials, other schemes and what is no URL", () => {
  for (
    const url of [
      "http://user@example.com/",
      "http://user:secret@example.com/",
      "http://:secret@example.com/",
      "http://example.com@127.0.0.1/",
      "http://127.0.0.1#@example.com/",
      "http://127.0.0.1\\@example.com/",
      "file:///etc/passwd",
      "ftp://example.com/",
      "gopher://example.com:70/_x",
      "data:text/plain,x",
      "blob:http://example.com/x",
      "javascript:alert(1)",
      "ws://example.com/",
      "unix:/run/x.sock",
      "//example.com/",
      "example.com",
      "",
    ]
  ) assertRefused(url);
});

Deno.test("checkUrl: refuses ports of other services, and all but the wanted ones", () => {
  for (const port of [1, 22, 25, 110, 445, 631, 1023]) {
    assertRefused(`http://example.com:${port}/`);
  }
  const allow = NOTHING_MORE;
  checkUrl("http://example.com:8080/", { allow });
  checkUrl("https://example.com:443/", { allow, ports: [443] });
  assertRefused("http://example.com/", { ports: [443] });
  assertRefused("http://example.com/", { protocols: ["https:"] });
});

Deno.test("checkUrl: takes what is on the public internet", () => {
  for (
    const url of [
      "https://example.com",
      "http://sub.example.co.uk:8080/a?b=c#d",
      "https://8.8.8.8/",
      "https://[2606:4700::1111]/",
      "https://münchen.example/",
    ]
  ) assert.ok(checkUrl(url, { allow: NOTHING_MORE }) instanceof URL, url);
});

Deno.test("checkUrl: an admin may allow networks, addresses and names, and gets no more", () => {
  const allow = readAllowList(["10.1.0.0/16", "::1", "localhost"]);
  checkUrl("http://10.1.2.3:8080/", { allow });
  checkUrl("http://[::1]:8080/", { allow });
  checkUrl("http://localhost:8080/", { allow });
  assertRefused("http://10.2.0.1/", { allow });
  assertRefused("http://127.0.0.1/", { allow });
  assertRefused("http://a.localhost/", { allow });
  assertRefused("http://user@localhost:8080/", { allow });
  assertRefused("http://0x0a010203/", { allow });
});

Deno.test("parseAllowed: takes networks and names, nothing else", () => {
  assert.equal(parseAllowed(" Intranet.Example "), "intranet.example");
  assert.equal(parseAllowed("redis"), "redis");
  for (
    const text of [
      "",
      "*",
      "*.example",
      "http://example.com",
      "example.com:80",
      "example.com.",
      "10.1",
      "2130706433",
      "0x7f000001",
      "10.0.0.0/33",
      "a b",
    ]
  ) assert.equal(parseAllowed(text), null, text);
});
