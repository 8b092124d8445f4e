/** Identity on a store that loses, repeats and denies what it is told. */
import assert from "node:assert/strict";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  CLIENT,
  OWNER,
  ownerCaller,
  withIdentity,
} from "./testing/identity_rig.ts";

const SEEDS = Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? "20");
const FAULT_RATE = 0.2;
const PASSWORD = "a password of theirs";
const PAGE = { limit: 50, cursor: null };

Deno.test("identity: whatever the store does with an answer, an address has one account and a workspace an owner", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await withIdentity(async (rig) => {
      const unlucky = [rig.startUnlucky(), rig.startUnlucky()];
      rig.faults.randomly(seed, FAULT_RATE, BRIEF_FAULTS);
      const made = await rig.drive(Promise.allSettled(
        unlucky.map(({ users }) =>
          users.create(ownerCaller(), FIRST_WORKSPACE, {
            email: "a@example.org",
            password: PASSWORD,
            role: "owner",
            groups: [],
          })
        ),
      ));
      const ids = new Set(
        made.flatMap((one) => one.status === "fulfilled" ? one.value.id : []),
      );
      assert.ok(ids.size <= 1, `seed ${seed}`);
      const unmade = [...ids, FIRST_USER].map((id, index) =>
        unlucky[index % 2].users.update(
          ownerCaller(),
          FIRST_WORKSPACE,
          id,
          { role: "member" },
          () => {},
        )
      );
      await rig.drive(Promise.allSettled(unmade));
      rig.faults.heal();
      const { items } = await rig.users.list(FIRST_WORKSPACE, PAGE);
      const owners = items.filter(({ role }) => role === "owner");
      assert.ok(owners.length >= 1, `seed ${seed}`);
      const addresses = items.map(({ email }) => email);
      assert.equal(new Set(addresses).size, addresses.length, `seed ${seed}`);
    });
  }
});

Deno.test("identity: a session that was told begins is there, and one that was told ended is not", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await withIdentity(async (rig) => {
      const { signIn, sessions } = rig.startUnlucky();
      rig.faults.randomly(seed, FAULT_RATE, BRIEF_FAULTS);
      const [begun] = await rig.drive(
        Promise.allSettled([signIn.signIn({ ...OWNER, ...CLIENT })]),
      );
      if (begun.status === "rejected") return;
      const { token, session } = begun.value;
      assert.equal((await rig.sessions.find(token))?.id, session.id);
      const [ended] = await rig.drive(
        Promise.allSettled([sessions.revoke(ownerCaller(), session.id)]),
      );
      rig.faults.heal();
      rig.sessions.forget();
      if (ended.status === "fulfilled") {
        assert.equal(await rig.sessions.find(token), null, `seed ${seed}`);
      }
    });
  }
});

Deno.test("identity: a setup link is used once, whatever the store does with the answers", async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await withIdentity(async (rig) => {
      const link = await rig.firstOwner.setupLink("http://a");
      const token = new URL(link!).searchParams.get("token")!;
      const unlucky = [rig.startUnlucky(), rig.startUnlucky()];
      rig.faults.randomly(seed, FAULT_RATE, BRIEF_FAULTS);
      const outcomes = await rig.drive(Promise.allSettled(
        unlucky.map(({ firstOwner }, index) =>
          firstOwner.setUp({
            token,
            name: `p${index}`,
            email: `p${index}@example.org`,
            password: PASSWORD,
          })
        ),
      ));
      rig.faults.heal();
      const done = outcomes.filter(({ status }) => status === "fulfilled");
      assert.ok(done.length <= 1, `seed ${seed}`);
      const account = await rig.users.account(FIRST_USER);
      if (done.length === 1) {
        const winner = outcomes.findIndex(({ status }) =>
          status === "fulfilled"
        );
        assert.equal(account?.email, `p${winner}@example.org`, `seed ${seed}`);
      }
    }, { env: { FRESHET_ADMIN_EMAIL: "", FRESHET_ADMIN_PASSWORD: "" } });
  }
});
