import assert from "node:assert/strict";
import { FIRST_USER } from "@/lib/shared/spaces.ts";
import {
  addUser,
  CLIENT,
  type IdentityRig,
  OWNER,
  ownerCaller,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";

const HOUR_MS = 60 * 60_000;
const NEW = "an entirely new one";

/** Asks for a link and gives the tokens of all that were mailed. */
async function ask(
  { passwordReset, mails }: IdentityRig,
  email = OWNER.email,
  address = CLIENT.address,
): Promise<string[]> {
  passwordReset.ask(email, address);
  await passwordReset.close();
  return mails.filter(({ kind }) => kind === "password-reset")
    .map(({ text }) => /\/reset\?token=([\w-]{43})/.exec(text)?.[1] ?? "");
}

Deno.test("PasswordReset: the link in the mail sets a new password once, and ends all sessions", async () => {
  await withIdentity(async (rig) => {
    const { passwordReset, signIn, sessions, mails } = rig;
    const { token: session } = await signIn.signIn({ ...OWNER, ...CLIENT });
    const [token] = await ask(rig);
    assert.equal(await passwordReset.isGood(token), true);
    assert.equal(
      await refusalOf(passwordReset.redeem("x".repeat(43), NEW, "192.0.2.9")),
      "link_invalid",
    );
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: 4 },
        () => passwordReset.redeem(token, NEW, "192.0.2.9"),
      ),
    );
    const done = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(done.length, 1);
    assert.equal(await sessions.find(session), null);
    assert.equal(
      await refusalOf(signIn.signIn({ ...OWNER, ...CLIENT })),
      "invalid_credentials",
    );
    await signIn.signIn({ ...OWNER, ...CLIENT, password: NEW });
    assert.equal(
      mails.filter(({ kind }) => kind === "password-changed").length >= 1,
      true,
    );
  }, { hasMail: true });
});

Deno.test("PasswordReset: who has no account gets no mail, and the caller sees no difference", async () => {
  await withIdentity(async (rig) => {
    assert.deepEqual(await ask(rig, "nobody@example.org"), []);
    assert.equal(rig.passwordReset.ask(OWNER.email, "192.0.2.8"), undefined);
    await rig.passwordReset.close();
    assert.equal(rig.mails.length, 1);
  }, { hasMail: true });
});

Deno.test("PasswordReset: a link ends after an hour, and with any change of the password", async () => {
  await withIdentity(async (rig) => {
    const { passwordReset, passwordChange, clock } = rig;
    const [first] = await ask(rig);
    clock.advance(HOUR_MS);
    assert.equal(await passwordReset.isGood(first), false);
    const second = (await ask(rig))[1];
    assert.equal(await passwordReset.isGood(second), true);
    await passwordChange.change(ownerCaller(), {
      oldPassword: OWNER.password,
      newPassword: NEW,
    });
    assert.equal(await passwordReset.isGood(second), false);
    assert.equal(
      await refusalOf(
        passwordReset.redeem(second, "yet another one", "192.0.2.9"),
      ),
      "link_invalid",
    );
  }, { hasMail: true });
});

Deno.test("PasswordReset: an address gets three mails an hour, a client causes twenty", async () => {
  await withIdentity(async (rig) => {
    for (let round = 0; round < 5; round += 1) {
      await ask(rig, OWNER.email, `192.0.2.${round}`);
    }
    assert.equal(rig.mails.length, 3);
    rig.clock.advance(HOUR_MS);
    await ask(rig);
    assert.equal(rig.mails.length, 4);
    rig.clock.advance(HOUR_MS);
    for (let round = 0; round < 25; round += 1) {
      const { email } = await addUser(rig, `user${round}@example.org`);
      await ask(rig, email!);
    }
    assert.equal(rig.mails.length, 4 + 20);
  }, { hasMail: true });
});

Deno.test("PasswordReset: where no mail is sent, everyone is told so", async () => {
  await withIdentity(async ({ passwordReset }) => {
    assert.equal(passwordReset.isOn, false);
    for (const email of [OWNER.email, "nobody@example.org"]) {
      assert.equal(
        await refusalOf(() => passwordReset.ask(email, "192.0.2.1")),
        "mail_off",
      );
    }
  });
});

Deno.test("PasswordChange: guesses at the old password are counted as sign-ins are", async () => {
  await withIdentity(async ({ passwordChange, signIn }) => {
    const guess = () =>
      refusalOf(passwordChange.change(ownerCaller(), {
        oldPassword: "guess",
        newPassword: NEW,
      }));
    for (let round = 0; round < 5; round += 1) {
      assert.equal(await guess(), "wrong_password");
    }
    assert.equal(await guess(), "too_many_attempts");
    assert.equal(
      await refusalOf(signIn.signIn({ ...OWNER, ...CLIENT })),
      "too_many_attempts",
    );
  });
});

Deno.test("PasswordChange: of two at once one counts, and the session that asked goes on", async () => {
  await withIdentity(async ({ passwordChange, signIn, sessions }) => {
    const { token, session } = await signIn.signIn({ ...OWNER, ...CLIENT });
    const caller = ownerCaller({ session: session.id });
    const change = (newPassword: string) =>
      passwordChange.change(caller, {
        oldPassword: OWNER.password,
        newPassword,
      });
    const outcomes = await Promise.allSettled([
      change("the first new one"),
      change("the second new one"),
    ]);
    const done = outcomes.filter(({ status }) => status === "fulfilled");
    assert.equal(done.length, 1);
    assert.equal((await sessions.find(token))?.user, FIRST_USER);
  });
});

Deno.test("PasswordChange: who has no password is told so", async () => {
  await withIdentity(async (rig) => {
    await rig.providerAccounts.signIn({
      issuer: "https://id.example.org",
      subject: "1",
      email: "p@example.org",
      emailVerified: true,
      name: null,
      groups: null,
      role: "member",
      defaultRole: null,
    });
    const user = await rig.users.findByEmail("p@example.org");
    assert.equal(await rig.passwordChange.has(user!.id), false);
    assert.equal(
      await refusalOf(rig.passwordChange.change(
        ownerCaller({ user: user!.id }),
        { oldPassword: "x", newPassword: NEW },
      )),
      "no_password",
    );
  });
});
