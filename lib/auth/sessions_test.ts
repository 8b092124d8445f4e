import assert from "node:assert/strict";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { deviceName } from "./device_name.ts";
import { hashOf } from "./hashed_token.ts";
import {
  addUser,
  CLIENT,
  ownerCaller,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";

const DAY_MS = 24 * 60 * 60_000;
const BEGIN = {
  ...CLIENT,
  user: FIRST_USER,
  workspace: FIRST_WORKSPACE,
  method: "password" as const,
};

Deno.test("Sessions: a token finds its user and what they may do", async () => {
  await withIdentity(async ({ sessions }) => {
    const { token, session } = await sessions.create(BEGIN);
    assert.deepEqual(await sessions.find(token), {
      id: session.id,
      user: FIRST_USER,
      workspace: FIRST_WORKSPACE,
      role: "owner",
      groups: [],
      isOperator: true,
      email: "owner@example.org",
      name: "owner",
    });
    for (const other of ["", "x", `${token}x`, "A".repeat(43), session.id]) {
      assert.equal(await sessions.find(other), null, other);
    }
  });
});

Deno.test("Sessions: the store holds the hash of a token, never the token", async () => {
  await withIdentity(async ({ sessions, store }) => {
    const { token } = await sessions.create(BEGIN);
    let text = "";
    for await (const { key, value } of store.kv.list({ prefix: [] })) {
      text += JSON.stringify([key, value]);
    }
    assert.ok(text.includes(hashOf(token)));
    assert.ok(!text.includes(token));
  });
});

Deno.test("Sessions: one that is not used for 14 days ends, one that is used goes on for 90", async () => {
  await withIdentity(async ({ sessions, clock }) => {
    const idle = await sessions.create(BEGIN);
    clock.advance(14 * DAY_MS);
    assert.equal(await sessions.find(idle.token), null);
    const used = await sessions.create(BEGIN);
    for (let day = 0; day < 80; day += 10) {
      clock.advance(10 * DAY_MS);
      assert.notEqual(await sessions.find(used.token), null, `day ${day}`);
      await sessions.close();
    }
    clock.advance(10 * DAY_MS);
    assert.equal(await sessions.find(used.token), null);
  });
});

Deno.test("Sessions: when one was used is written at most once a minute", async () => {
  await withIdentity(async ({ sessions, clock }) => {
    const { token, session } = await sessions.create(BEGIN);
    const seen = async () => {
      const [{ lastSeenAt }] = await sessions.list(FIRST_USER, session.id);
      return lastSeenAt;
    };
    const first = await seen();
    for (let second = 0; second < 59; second += 1) {
      clock.advance(1_000);
      await sessions.find(token);
      await sessions.close();
    }
    assert.equal(await seen(), first);
    clock.advance(1_000);
    await sessions.find(token);
    await sessions.close();
    assert.ok(await seen() > first);
  });
});

Deno.test("Sessions: one that is revoked ends here at once and in another process within a second", async () => {
  await withIdentity(async ({ sessions, clock, startProcess }) => {
    const other = startProcess();
    const { token, session } = await sessions.create(BEGIN);
    assert.notEqual(await sessions.find(token), null);
    assert.notEqual(await other.sessions.find(token), null);
    await sessions.revoke(ownerCaller(), session.id);
    assert.equal(await sessions.find(token), null);
    clock.advance(1_000);
    assert.equal(await other.sessions.find(token), null);
    assert.equal(
      await refusalOf(sessions.revoke(ownerCaller(), session.id)),
      "not_found",
    );
  });
});

Deno.test("Sessions: nobody ends a session of somebody else", async () => {
  await withIdentity(async ({ users, sessions }) => {
    const { token, session } = await sessions.create(BEGIN);
    const { caller } = await addUser({ users }, "eve@example.org");
    assert.equal(
      await refusalOf(sessions.revoke(caller, session.id)),
      "not_found",
    );
    assert.notEqual(await sessions.find(token), null);
  });
});

Deno.test("Sessions: signing out everywhere ends all but the one that asks, in one step", async () => {
  await withIdentity(async ({ sessions, store }) => {
    const mine = await sessions.create(BEGIN);
    const others = await Promise.all(
      Array.from({ length: 20 }, () => sessions.create(BEGIN)),
    );
    await sessions.revokeOthers(ownerCaller({ session: mine.session.id }));
    for (const { token } of others) {
      assert.equal(await sessions.find(token), null);
    }
    assert.equal((await sessions.find(mine.token))?.id, mine.session.id);
    const list = await sessions.list(FIRST_USER, mine.session.id);
    assert.deepEqual(list.map(({ current }) => current), [true]);
    const rows = await Array.fromAsync(
      store.kv.list({ prefix: ["sys", "sid"] }),
    );
    assert.equal(rows.length, 1);
  });
});

Deno.test("Sessions: one that begins by an old password while all are ended does not go on", async () => {
  await withIdentity(async ({ sessions, store }) => {
    await sessions.revokeOthers(ownerCaller());
    const key = ["sys", "acc", FIRST_USER];
    const { value } = await store.kv.get<{ epoch: number }>(key);
    const epoch = value!.epoch;
    for (let round = 0; round < 5; round += 1) {
      const [begun] = await Promise.allSettled([
        sessions.create({ ...BEGIN, epoch: epoch + round }),
        sessions.revokeOthers(ownerCaller()),
      ]);
      if (begun.status === "fulfilled") {
        assert.equal(await sessions.find(begun.value.token), null);
      }
    }
    assert.equal(
      await refusalOf(sessions.create({ ...BEGIN, epoch })),
      "sign_in_needed",
    );
  });
});

Deno.test("Sessions: who is disabled or taken out of a workspace has no session there", async () => {
  await withIdentity(async ({ users, sessions, clock, startProcess }) => {
    const elsewhere = startProcess();
    const { id, caller } = await addUser({ users }, "a@example.org");
    const { token } = await sessions.create({ ...BEGIN, user: id });
    assert.notEqual(await sessions.find(token), null);
    assert.notEqual(await elsewhere.sessions.find(token), null);
    const update = (disabled: boolean) =>
      users.update(
        ownerCaller(),
        FIRST_WORKSPACE,
        id,
        { disabled },
        () => {},
      );
    await update(true);
    assert.equal(await sessions.find(token), null);
    clock.advance(1_000);
    assert.equal(await elsewhere.sessions.find(token), null);
    await update(false);
    // What has ended does not come back.
    assert.equal(await sessions.find(token), null);
    const again = await sessions.create({ ...BEGIN, user: id });
    await users.remove(ownerCaller(), FIRST_WORKSPACE, id, () => {});
    assert.equal(await sessions.find(again.token), null);
    assert.equal(
      await refusalOf(sessions.create({ ...BEGIN, user: id })),
      "not_a_member",
    );
    assert.deepEqual(await users.notMembers([caller]), [caller]);
  });
});

Deno.test("Sessions: a session acts in another workspace of its user, and in none of others", async () => {
  await withIdentity(async ({ users, sessions, workspaces, startProcess }) => {
    const { id } = await workspaces.create(ownerCaller(), { name: "Second" });
    const { token, session } = await sessions.create(BEGIN);
    assert.equal(
      (await sessions.find(token, { workspace: id }))?.workspace,
      id,
    );
    await sessions.switchWorkspace(ownerCaller({ session: session.id }), id);
    assert.equal((await sessions.find(token))?.workspace, id);
    assert.equal(
      (await startProcess().sessions.find(token))?.workspace,
      id,
    );
    const other = await addUser({ users }, "b@example.org");
    const theirs = await sessions.create({ ...BEGIN, user: other.id });
    assert.equal(await sessions.find(theirs.token, { workspace: id }), null);
    assert.equal(
      await refusalOf(sessions.switchWorkspace(
        { user: other.id, session: theirs.session.id },
        id,
      )),
      "not_found",
    );
  });
});

Deno.test("Sessions: what is kept in memory is never more than a second old, and can be dropped", async () => {
  await withIdentity(async ({ sessions, clock, startProcess }) => {
    const elsewhere = startProcess();
    for (const drop of [() => clock.advance(1_000), () => sessions.forget()]) {
      const { token, session } = await sessions.create(BEGIN);
      await sessions.find(token);
      await elsewhere.sessions.revoke(ownerCaller(), session.id);
      assert.notEqual(await sessions.find(token), null);
      drop();
      assert.equal(await sessions.find(token), null);
    }
  });
});

Deno.test("Sessions: a user has at most a hundred, and a new one ends the oldest", async () => {
  await withIdentity(async ({ sessions, clock }) => {
    const first = await sessions.create(BEGIN);
    for (let count = 0; count < 100; count += 1) {
      clock.advance(1);
      await sessions.create(BEGIN);
    }
    assert.equal((await sessions.list(FIRST_USER, null)).length, 100);
    assert.equal(await sessions.find(first.token), null);
  });
});

Deno.test("deviceName: names browser and system as people do", () => {
  const cases: [string | null, string][] = [
    [
      "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
      "Firefox on Linux",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
    ],
    [
      "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
      "Chrome on Android",
    ],
    ["curl/8.14.1", "curl"],
    ["<script>", "Unknown device"],
    [null, "Unknown device"],
  ];
  for (const [agent, expected] of cases) {
    assert.equal(deviceName(agent), expected);
  }
});
