import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import type { Role } from "./roles.ts";
import { Standings } from "./standings.ts";

function open() {
  const clock = new ManualClock();
  let role: Role = "admin";
  let reads = 0;
  let isSilent = false;
  const standings = new Standings(() => {
    reads += 1;
    if (isSilent) return Promise.reject(new Error("store is silent"));
    return Promise.resolve({ role, groups: [], isOperator: false });
  }, clock);
  return {
    clock,
    standings,
    reads: () => reads,
    demote: () => role = "viewer",
    silence: (value: boolean) => isSilent = value,
    role: async () => (await standings.find("usr_1", "wsp_1"))?.role,
  };
}

const CHANGE = { workspace: null, session: null, key: null };

Deno.test("Standings.find: reads once a second, however many ask", async () => {
  const { clock, reads, role } = open();
  await Promise.all([role(), role(), role()]);
  clock.advance(999);
  await role();
  assert.equal(reads(), 1);
  clock.advance(1);
  await role();
  assert.equal(reads(), 2);
});

Deno.test("Standings.changed: a role that was lost here counts at once", async () => {
  const { standings, demote, role } = open();
  assert.equal(await role(), "admin");
  demote();
  standings.changed({ user: "usr_2", ...CHANGE });
  assert.equal(await role(), "admin");
  standings.changed({ user: "usr_1", ...CHANGE });
  assert.equal(await role(), "viewer");
});

Deno.test("Standings.changed: what was being read before the change is not kept", async () => {
  const { standings, demote, reads, role } = open();
  const before = role();
  demote();
  standings.changed({ user: "usr_1", ...CHANGE });
  await before;
  assert.equal(await role(), "viewer");
  assert.equal(reads(), 2);
});

Deno.test("Standings.find: a store that was silent is asked again", async () => {
  const { silence, role } = open();
  silence(true);
  await assert.rejects(role(), /silent/);
  silence(false);
  assert.equal(await role(), "admin");
});
