import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  addUser,
  CLIENT,
  ownerCaller,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";

const DAY_MS = 24 * 60 * 60_000;
const GUEST = {
  email: "guest@example.org",
  role: "member" as const,
  groups: [],
};
const ANSWER = { name: "Guest", password: "a password of theirs" };
const PAGE = { limit: 50, cursor: null };

const tokenOf = (url: string) => new URL(url).searchParams.get("token")!;

Deno.test("Invitations: the mail has the link, each new link is a mail of its own", async () => {
  await withIdentity(async ({ invitations, mails }) => {
    const made = await invitations.create(ownerCaller(), GUEST);
    assert.equal(made.isSent, true);
    assert.ok(made.url.startsWith("https://chat.example.org/invite?token="));
    const again = await invitations
      .resend(ownerCaller(), made.invitation.id);
    assert.deepEqual(mails.map(({ to, kind }) => [to, kind]), [
      [GUEST.email, "invitation"],
      [GUEST.email, "invitation"],
    ]);
    assert.ok(mails[0].text.includes(made.url));
    assert.ok(mails[1].text.includes(again.url));
    assert.notEqual(mails[0].id, mails[1].id);
  }, { hasMail: true });
});

Deno.test("Invitations: without mail the link is told, under the origin that was asked for", async () => {
  await withIdentity(async ({ invitations, mails }) => {
    const { url, isSent } = await invitations
      .create(ownerCaller(), GUEST, "http://127.0.0.1:8000");
    assert.ok(url.startsWith("http://127.0.0.1:8000/invite?token="));
    assert.equal(isSent, false);
    assert.deepEqual(mails, []);
  });
});

Deno.test("Invitations: one ends after a week, and is in no list then", async () => {
  await withIdentity(async ({ invitations, clock }) => {
    const { url } = await invitations.create(ownerCaller(), GUEST);
    const token = tokenOf(url);
    assert.deepEqual(await invitations.open(token), {
      email: GUEST.email,
      workspace: "Workspace",
      role: "member",
      hasAccount: false,
    });
    clock.advance(7 * DAY_MS);
    assert.equal(await invitations.open(token), null);
    assert.equal(await invitations.workspaceOf(token), null);
    assert.equal(
      await refusalOf(invitations.signUp(token, ANSWER, "192.0.2.1")),
      "link_invalid",
    );
    const { items } = await invitations.list(FIRST_WORKSPACE, PAGE);
    assert.deepEqual(items, []);
    const fresh = await invitations.create(ownerCaller(), GUEST);
    assert.notEqual(await invitations.open(tokenOf(fresh.url)), null);
  }, { hasMail: true });
});

Deno.test("Invitations: of those who accept at once in two processes one gets in", async () => {
  await withIdentity(async ({ invitations, startProcess, users }) => {
    const elsewhere = startProcess();
    const { url } = await invitations.create(ownerCaller(), GUEST, "http://a");
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: 10 },
        (_, index) =>
          (index % 2 === 0 ? invitations : elsewhere.invitations)
            .signUp(tokenOf(url), ANSWER, "192.0.2.1"),
      ),
    );
    const inside = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(inside.length, 1);
    const { items } = await users.list(FIRST_WORKSPACE, PAGE);
    assert.equal(items.length, 2);
  });
});

Deno.test("Invitations: only owners invite admins, and send and revoke their invitations", async () => {
  await withIdentity(async (rig) => {
    const { caller } = await addUser(rig, "admin@example.org", {
      role: "admin",
    });
    const admin = { ...GUEST, role: "admin" as const };
    assert.equal(
      await refusalOf(rig.invitations.create(caller, admin)),
      "forbidden",
    );
    const { invitation } = await rig.invitations.create(ownerCaller(), admin);
    for (const act of ["resend", "revoke"] as const) {
      assert.equal(
        await refusalOf(rig.invitations[act](caller, invitation.id)),
        "forbidden",
      );
    }
    await rig.invitations.create(caller, { ...GUEST, email: "b@example.org" });
  });
});

Deno.test("Invitations: an invitation of another workspace is not there", async () => {
  await withIdentity(async ({ invitations, workspaces }) => {
    const { id } = await workspaces.create(ownerCaller(), { name: "Second" });
    const { invitation } = await invitations.create(ownerCaller(), GUEST);
    const there = ownerCaller({ workspace: id });
    for (
      const act of [
        () => invitations.require(id, invitation.id),
        () => invitations.resend(there, invitation.id),
        () => invitations.revoke(there, invitation.id),
      ]
    ) {
      assert.equal(await refusalOf(act), "not_found");
    }
    assert.deepEqual((await invitations.list(id, PAGE)).items, []);
  });
});

Deno.test("Invitations: who comes to a workspace that was deleted meanwhile is not let in", async () => {
  await withIdentity(async (rig) => {
    const { invitations, workspaces } = rig;
    const { id } = await workspaces.create(ownerCaller(), { name: "Second" });
    const there = ownerCaller({ workspace: id });
    const { url } = await invitations.create(there, GUEST, "http://a");
    await workspaces.delete(ownerCaller(), id, () => {});
    assert.equal(await invitations.open(tokenOf(url)), null);
    assert.equal(
      await refusalOf(
        invitations.signUp(tokenOf(url), ANSWER, CLIENT.address),
      ),
      "not_found",
    );
    assert.equal(await rig.users.findByEmail(GUEST.email), null);
  });
});

Deno.test("Invitations: who accepts one has the role and groups it was made with", async () => {
  await withIdentity(async ({ invitations, groups, users }) => {
    const group = await groups.create(ownerCaller(), { name: "Field" });
    const { url } = await invitations.create(ownerCaller(), {
      ...GUEST,
      role: "viewer",
      groups: [group.id],
    }, "http://a");
    const { user, workspace } = await invitations
      .signUp(tokenOf(url), ANSWER, CLIENT.address);
    assert.deepEqual(await users.caller(user, workspace), {
      role: "viewer",
      groups: [group.id],
      isOperator: false,
    });
  });
});
