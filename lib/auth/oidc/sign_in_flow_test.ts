import assert from "node:assert/strict";
import { findFlow, forgetFlow, keepFlow } from "./flow_cookies.ts";
import { FLOW_MS, newFlow, openFlow, sealFlow } from "./sign_in_flow.ts";

/** Seals visibly, so that a test can look inside. */
const sealer = {
  seal: (text: string) => Promise.resolve(`sealed${btoa(text)}`),
  open: (sealed: string) =>
    Promise.resolve(
      sealed.startsWith("sealed") ? atob(sealed.slice("sealed".length)) : null,
    ),
};

const NOW = 1_800_000_000_000;

Deno.test("openFlow: gives back what was sealed, for its state and in time", async () => {
  const flow = newFlow("/c/1", null, NOW);
  const sealed = await sealFlow(sealer, flow);
  const open = (state: string, atMs: number) =>
    openFlow(sealer, sealed, state, atMs);
  assert.deepEqual(await open(flow.state, NOW + FLOW_MS), flow);
  assert.equal(await open(flow.state, NOW + FLOW_MS + 1), null);
  assert.equal(await open(newFlow("/", null, NOW).state, NOW), null);
  assert.equal(await openFlow(sealer, "junk", flow.state, NOW), null);
});

Deno.test("newFlow: state, nonce and verifier are random and apart", () => {
  const values = new Set<string>();
  for (let index = 0; index < 100; index += 1) {
    const { state, nonce, verifier } = newFlow("/", null, NOW);
    for (const value of [state, nonce, verifier]) {
      values.add(value);
      assert.match(value, /^[\w-]{43}$/);
    }
  }
  assert.equal(values.size, 300);
});

function apply(jar: Map<string, string>, lines: string[]): void {
  for (const line of lines) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (line.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
}

const headerOf = (jar: Map<string, string>) =>
  [...jar].map(([name, value]) => `${name}=${value}`).join("; ");

Deno.test("keepFlow: tabs have a cookie each, and the oldest of many goes", () => {
  const jar = new Map([["other", "1"]]);
  const flows = Array.from(
    { length: 9 },
    (_, index) => newFlow("/", null, NOW + index * 1_000),
  );
  for (const [index, flow] of flows.entries()) {
    apply(jar, keepFlow(headerOf(jar), flow, `s${index}`, true));
  }
  assert.equal(jar.size, 7);
  assert.deepEqual(
    flows.map(({ state }) => findFlow(headerOf(jar), state)),
    [null, null, null, "s3", "s4", "s5", "s6", "s7", "s8"],
  );
  apply(jar, forgetFlow(headerOf(jar), flows[5].state, true));
  assert.equal(findFlow(headerOf(jar), flows[5].state), null);
  assert.equal(findFlow(headerOf(jar), flows[6].state), "s6");
});

Deno.test("keepFlow: no script and no other site gets the cookie", () => {
  const flow = newFlow("/", null, NOW);
  const [secure] = keepFlow(null, flow, "s", true);
  assert.match(secure, /^__Host-freshet_oidc_\d+_[\w-]{22}=s; /);
  for (const part of ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"]) {
    assert.ok(secure.split("; ").includes(part), part);
  }
  assert.ok(!secure.includes(flow.state));
  const [plain] = keepFlow(null, flow, "s", false);
  assert.match(plain, /^freshet_oidc_/);
  assert.ok(!plain.includes("Secure"));
});
