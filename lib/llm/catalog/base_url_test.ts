import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { NOTHING_MORE, readAllowList } from "@/lib/net/outgoing_rules.ts";
import { checkBaseUrl, refusesAddress } from "./base_url.ts";

const check = (text: string, allowed: string[] = []) =>
  checkBaseUrl(text, readAllowList(allowed));

Deno.test("checkBaseUrl: takes model servers of this machine, of the house and of the internet", () => {
  for (
    const text of [
      "http://127.0.0.1:11434/v1",
      "http://localhost:1234/v1",
      "http://[::1]:8080/v1",
      "http://10.0.0.7:8000/v1",
      "http://192.168.1.20/v1",
      "http://ollama:11434/v1",
      "http://gpu.internal:81/v1",
      "https://api.openai.com/v1",
    ]
  ) assert.equal(check(text), text);
});

Deno.test("checkBaseUrl: keeps an address without the slashes at its end", () => {
  assert.equal(check(" https://a.example/v1// "), "https://a.example/v1");
});

Deno.test("checkBaseUrl: refuses what no model server has, and names the field", () => {
  for (
    const text of [
      "",
      "api.openai.com/v1",
      "ftp://a.example/v1",
      "file:///etc/passwd",
      "https://user:key@a.example/v1",
      "https://a.example/v1?key=1",
      "https://a.example/v1#x",
      "http://169.254.169.254/latest",
      "http://[fe80::1]/v1",
      "http://[fd00:ec2::254]/v1",
      "http://[::ffff:169.254.169.254]/v1",
      "http://168.63.129.16/v1",
      "http://0.0.0.0:8000/v1",
      "http://224.0.0.1/v1",
      "http://255.255.255.255/v1",
      "http://2130706433/v1",
      "http://0x7f.1/v1",
      `https://a.example/${"x".repeat(2_000)}`,
    ]
  ) {
    assert.throws(
      () => check(text),
      (error) =>
        error instanceof AppError && error.code === "address_refused" &&
        error.errors[0].path === "baseUrl",
      text,
    );
  }
});

Deno.test("checkBaseUrl: takes what an admin has allowed", () => {
  const text = "http://169.254.10.1/v1";
  assert.equal(check(text, ["169.254.10.0/24"]), text);
});

Deno.test("refusesAddress: refuses what is no address, and nothing of a private network", () => {
  const refuses = refusesAddress(NOTHING_MORE);
  assert.deepEqual(
    ["x", "169.254.169.254", "10.1.1.1", "127.0.0.1", "::1"].map(refuses),
    [true, true, false, false, false],
  );
});
