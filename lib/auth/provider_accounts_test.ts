import assert from "node:assert/strict";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { ProviderPerson } from "./provider_accounts.ts";
import {
  addUser,
  type IdentityRig,
  OWNER,
  ownerCaller,
  withIdentity,
} from "./testing/identity_rig.ts";

function person(more: Partial<ProviderPerson> = {}): ProviderPerson {
  return {
    issuer: "https://id.example.org",
    subject: "1",
    email: "ada@example.org",
    emailVerified: true,
    name: "Ada",
    groups: null,
    role: null,
    defaultRole: "member",
    ...more,
  };
}

async function reasonOf(
  { providerAccounts }: IdentityRig,
  more: Partial<ProviderPerson>,
): Promise<string> {
  const result = await providerAccounts.signIn(person(more));
  return result.state === "refused" ? result.reason : result.state;
}

Deno.test("ProviderAccounts: somebody new gets one account however many tabs sign in at once", async () => {
  await withIdentity(async (rig) => {
    const elsewhere = rig.startProcess();
    const results = await Promise.all(
      Array.from(
        { length: 10 },
        (_, index) =>
          (index % 2 === 0 ? rig : elsewhere).providerAccounts.signIn(person()),
      ),
    );
    const users = new Set(
      results.map((result) => result.state === "ok" && result.user),
    );
    assert.equal(users.size, 1);
    const [id] = users;
    const user = await rig.users.require(FIRST_WORKSPACE, String(id));
    assert.deepEqual([user.email, user.name, user.role], [
      "ada@example.org",
      "Ada",
      "member",
    ]);
  });
});

Deno.test("ProviderAccounts: an address that is not verified names no account", async () => {
  await withIdentity(async (rig) => {
    const takeover = { email: OWNER.email, emailVerified: false };
    assert.equal(await reasonOf(rig, takeover), "email_unverified");
    assert.equal(await reasonOf(rig, { email: null }), "email_unverified");
    // Who is bound already is known by the subject alone.
    assert.equal(await reasonOf(rig, {}), "ok");
    assert.equal(await reasonOf(rig, { email: null }), "ok");
  });
});

Deno.test("ProviderAccounts: an address that the provider gave to somebody else does not give them the account", async () => {
  await withIdentity(async (rig) => {
    assert.equal(await reasonOf(rig, { email: OWNER.email }), "ok");
    assert.equal(
      await reasonOf(rig, { email: OWNER.email, subject: "2" }),
      "email_taken",
    );
  });
});

Deno.test("ProviderAccounts: who is new gets in only by group, by default role or by invitation", async () => {
  await withIdentity(async (rig) => {
    const noDefault = { defaultRole: null };
    assert.equal(await reasonOf(rig, noDefault), "not_invited");
    assert.equal(await rig.users.findByEmail("ada@example.org"), null);
    assert.equal(
      await reasonOf(rig, { ...noDefault, role: "viewer" }),
      "ok",
    );
    const { id } = await rig.workspaces
      .create(ownerCaller(), { name: "Second" });
    const invited = await rig.providerAccounts.signIn(
      person({ ...noDefault, subject: "3", email: "bea@example.org" }),
      id,
    );
    assert.equal(invited.state === "ok" && invited.workspace, id);
    assert.equal(
      await rig.users.caller(
        invited.state === "ok" ? invited.user : "",
        FIRST_WORKSPACE,
      ),
      null,
    );
  });
});

Deno.test("ProviderAccounts: roles and groups follow the provider, and the last owner stays one", async () => {
  await withIdentity(async (rig) => {
    const group = await rig.groups.create(ownerCaller(), { name: "Lab" });
    const signIn = (more: Partial<ProviderPerson>) =>
      rig.providerAccounts.signIn(person(more));
    await signIn({ role: "admin", groups: ["LAB", "unknown here"] });
    const user = await rig.users.findByEmail("ada@example.org");
    const there = () => rig.users.require(FIRST_WORKSPACE, user!.id);
    assert.deepEqual((await there()).groups, [group.id]);
    assert.equal((await there()).role, "admin");
    await signIn({ role: "viewer", groups: [] });
    assert.deepEqual((await there()).groups, []);
    assert.equal((await there()).role, "viewer");
    await signIn({ subject: "o", email: OWNER.email, role: "viewer" });
    const owner = await rig.users.require(FIRST_WORKSPACE, FIRST_USER);
    assert.equal(owner.role, "owner");
  });
});

Deno.test("ProviderAccounts: who was shut out stays out", async () => {
  await withIdentity(async (rig) => {
    const { id } = await addUser(rig, "ada@example.org");
    await rig.users.update(
      ownerCaller(),
      FIRST_WORKSPACE,
      id,
      { disabled: true },
      () => {},
    );
    assert.equal(await reasonOf(rig, {}), "disabled");
    await rig.users.remove(ownerCaller(), FIRST_WORKSPACE, id, () => {});
    assert.equal(await reasonOf(rig, {}), "not_invited");
  });
});

Deno.test("Groups: of those who take a name at once one gets it", async () => {
  await withIdentity(async (rig) => {
    const elsewhere = rig.startProcess();
    const names = ["Lab", "lab", "LAB", "Lab"];
    const outcomes = await Promise.allSettled(
      names.map((name, index) =>
        (index % 2 === 0 ? rig : elsewhere).groups
          .create(ownerCaller(), { name })
      ),
    );
    const made = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(made.length, 1);
    assert.equal((await rig.groups.byNames(FIRST_WORKSPACE, names)).length, 1);
    const { items } = await rig.groups
      .list(FIRST_WORKSPACE, { limit: 10, cursor: null });
    assert.equal(items.length, 1);
  });
});
