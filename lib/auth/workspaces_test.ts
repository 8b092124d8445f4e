import assert from "node:assert/strict";
import type { Store } from "@/lib/kv/store.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  addUser,
  type IdentityRig,
  ownerCaller,
  withIdentity,
} from "./testing/identity_rig.ts";

const HOUR_MS = 60 * 60_000;
const live = () => new AbortController().signal;

/** Names of spaces and other places that the store has rows in which name the text. */
async function rowsWith(store: Store, text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value } of store.kv.list({ prefix: [] })) {
    const isWith = key.some((part) => String(part).startsWith(text)) ||
      JSON.stringify(value).includes(text);
    if (isWith) found.push(key.slice(0, 2).map(String).join(" "));
  }
  return found;
}

async function twoWorkspaces(rig: IdentityRig): Promise<string> {
  const { id } = await rig.workspaces
    .create(ownerCaller(), { name: "Second" });
  const there = ownerCaller({ workspace: id });
  await rig.groups.create(there, { name: "Field" });
  await rig.invitations
    .create(there, { email: "a@example.org", role: "member", groups: [] });
  for (let index = 0; index < 250; index += 1) {
    await rig.groups.create(there, { name: `Group ${index}` });
  }
  return id;
}

Deno.test("WorkspacePurge: what is in a deleted workspace goes after an hour, in steps, and nothing else does", async () => {
  await withIdentity(async (rig) => {
    const { store, clock, workspaces, workspacePurge } = rig;
    const member = await addUser(rig, "b@example.org");
    const id = await twoWorkspaces(rig);
    await workspaces.delete(ownerCaller(), id, () => {});
    await workspacePurge.sweep(live());
    assert.ok((await rowsWith(store, id)).length > 500);
    clock.advance(HOUR_MS);
    await Promise.all([
      workspacePurge.sweep(live()),
      rig.startProcess().workspacePurge.sweep(live()),
    ]);
    await workspacePurge.sweep(live());
    clock.advance(24 * HOUR_MS);
    await workspacePurge.sweep(live());
    const left = await rowsWith(store, id);
    // The record that says it is gone, the link of the invitation, and the first workspace's audit log.
    const known = ["sys wsp", "sys once", "sys e", `${FIRST_WORKSPACE} e`];
    assert.deepEqual(left.filter((place) => !known.includes(place)), []);
    assert.deepEqual(
      (await workspaces.list(ownerCaller().user)).map(({ name }) => name),
      ["Workspace"],
    );
    const there = await rig.users.require(FIRST_WORKSPACE, member.id);
    assert.equal(there.email, "b@example.org");
  });
});

Deno.test("WorkspacePurge: one that is stopped goes on in the next process", async () => {
  await withIdentity(async (rig) => {
    const { store, clock, workspaces } = rig;
    const id = await twoWorkspaces(rig);
    await workspaces.delete(ownerCaller(), id, () => {});
    clock.advance(HOUR_MS);
    const stopped = new AbortController();
    const sweep = rig.workspacePurge.sweep(stopped.signal);
    const before = (await rowsWith(store, id)).length;
    stopped.abort(new Error("The process goes down"));
    await sweep.catch(() => {});
    assert.ok(before > 0);
    await rig.startProcess().workspacePurge.sweep(live());
    const rows = await rowsWith(store, id);
    assert.ok(!rows.some((place) => place.startsWith(id)), rows.join());
  });
});
