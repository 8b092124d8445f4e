import assert from "node:assert/strict";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  addUser,
  CLIENT,
  OWNER,
  ownerCaller,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";
import type { UserPatch } from "./user_input.ts";
import type { Users } from "./users.ts";

const any = () => {};

function change(users: Users, id: string, patch: UserPatch) {
  return users.update(ownerCaller(), FIRST_WORKSPACE, id, patch, any);
}

Deno.test("Users: of two owners who unmake each other in two processes one is left", async () => {
  await withIdentity(async (rig) => {
    const elsewhere = rig.startProcess();
    for (let round = 0; round < 20; round += 1) {
      const { id } = await addUser(rig, `o${round}@example.org`, {
        role: "owner",
      });
      const unmake = (users: Users, whom: string) =>
        round % 3 === 0
          ? change(users, whom, { disabled: true })
          : round % 3 === 1
          ? change(users, whom, { role: "member" })
          : users.remove(ownerCaller(), FIRST_WORKSPACE, whom, any);
      const outcomes = await Promise.allSettled([
        unmake(rig.users, id),
        unmake(elsewhere.users, FIRST_USER),
      ]);
      const done = outcomes.filter(({ status }) => status === "fulfilled");
      assert.equal(done.length, 1, `round ${round}`);
      // Whoever is left is the first owner again in the next round.
      if (outcomes[1].status === "fulfilled") return;
    }
  });
});

Deno.test("Users: an owner who is disabled does not count as one", async () => {
  await withIdentity(async (rig) => {
    const { id } = await addUser(rig, "b@example.org", { role: "owner" });
    await change(rig.users, id, { disabled: true });
    assert.equal(
      await refusalOf(change(rig.users, FIRST_USER, { role: "admin" })),
      "last_owner",
    );
    await change(rig.users, id, { disabled: false });
    const { role } = await change(rig.users, FIRST_USER, { role: "admin" });
    assert.equal(role, "admin");
  });
});

Deno.test("Users: each change raises the version, whichever part of a user it is of", async () => {
  await withIdentity(async (rig) => {
    const { id, version } = await addUser(rig, "a@example.org");
    const patches: UserPatch[] = [
      { name: "New" },
      { role: "viewer" },
      { disabled: true },
      { name: "Newer", role: "member" },
    ];
    let before = version;
    for (const patch of patches) {
      const after = await change(rig.users, id, patch);
      assert.ok(after.version > before, JSON.stringify(patch));
      before = after.version;
    }
    const same = await change(rig.users, id, { name: "Newer" });
    assert.equal(same.version, before);
  });
});

Deno.test("Users: what is wrong with the version is told before anything is changed", async () => {
  await withIdentity(async (rig) => {
    const { id } = await addUser(rig, "a@example.org");
    const refuse = () => {
      throw new Error("Another version");
    };
    await assert.rejects(
      rig.users.update(
        ownerCaller(),
        FIRST_WORKSPACE,
        id,
        { role: "viewer" },
        refuse,
      ),
      /Another version/,
    );
    assert.equal((await rig.users.require(FIRST_WORKSPACE, id)).role, "member");
  });
});

Deno.test("Users: the admin of one workspace does not rename who is in another too", async () => {
  await withIdentity(async (rig) => {
    const { id: second } = await rig.workspaces
      .create(ownerCaller(), { name: "Second" });
    const admin = await addUser(rig, "admin@example.org", {
      role: "admin",
      workspace: second,
    });
    assert.equal(
      await refusalOf(
        rig.users.update(admin.caller, second, FIRST_USER, { name: "X" }, any),
      ),
      "forbidden",
    );
    await rig.users.rename(admin.caller, "Their own");
    assert.equal((await rig.users.account(admin.id))?.name, "Their own");
  });
});

Deno.test("Users: what somebody may do is read anew after each change", async () => {
  await withIdentity(async (rig) => {
    const { id } = await addUser(rig, "a@example.org", { role: "admin" });
    const may = () => rig.users.caller(id, FIRST_WORKSPACE);
    assert.deepEqual(await may(), {
      role: "admin",
      groups: [],
      isOperator: true,
    });
    await change(rig.users, id, { role: "viewer" });
    assert.equal((await may())?.isOperator, false);
    await change(rig.users, id, { disabled: true });
    assert.equal(await may(), null);
    assert.equal(await rig.users.caller(id, "wsp_other"), null);
  });
});

Deno.test("AccountClosing: an account leaves all workspaces at once, and its address is free again", async () => {
  await withIdentity(async (rig) => {
    const { id, caller, email, password } = await addUser(
      rig,
      "a@example.org",
    );
    const { token } = await rig.signIn
      .signIn({ ...CLIENT, email: email!, password });
    const left: string[] = [];
    const nothing = (workspace: string) => {
      left.push(workspace);
      return Promise.resolve(new UnitOfWork());
    };
    assert.equal(
      await refusalOf(rig.accountClosing.close(ownerCaller(), nothing)),
      "last_owner",
    );
    assert.deepEqual(left, []);
    await rig.accountClosing.close(caller, nothing);
    assert.deepEqual(left, [FIRST_WORKSPACE]);
    assert.equal(await rig.sessions.find(token), null);
    assert.equal(await rig.users.findByEmail(email!), null);
    assert.equal((await rig.users.account(id))?.name, "");
    assert.equal(
      await refusalOf(
        rig.signIn.signIn({ ...CLIENT, email: email!, password }),
      ),
      "invalid_credentials",
    );
    const other = await addUser(rig, "a@example.org");
    assert.notEqual(other.id, id);
  });
});

Deno.test("AccountClosing: when the first owner goes, the server is not open to be set up again", async () => {
  await withIdentity(async (rig) => {
    await addUser(rig, "b@example.org", { role: "owner" });
    await rig.accountClosing.close(
      ownerCaller(),
      () => Promise.resolve(new UnitOfWork()),
    );
    assert.equal(await rig.firstOwner.isMissing(), false);
    assert.equal(await rig.firstOwner.setupLink("http://x"), null);
    await rig.firstOwner.ensure({ ...OWNER });
    assert.equal(await rig.users.findByEmail(OWNER.email), null);
  });
});
