import assert from "node:assert/strict";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  addUser,
  CLIENT,
  openIdentity,
  OWNER,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";

const NOBODY = { FRESHET_ADMIN_EMAIL: "", FRESHET_ADMIN_PASSWORD: "" };
const ORIGIN = "https://chat.example.org";

function tokenOf(link: string | null): string {
  assert.ok(link !== null);
  assert.ok(link.startsWith(`${ORIGIN}/setup?token=`), link);
  return new URL(link).searchParams.get("token")!;
}

const person = (name: string) => ({
  email: `${name}@example.org`,
  name,
  password: `the password of ${name}`,
});

Deno.test("FirstOwner: a new server is set up once, by the link, in whichever process", async () => {
  await withIdentity(async ({ firstOwner, startProcess, signIn }) => {
    const elsewhere = startProcess();
    const tokens = [
      tokenOf(await firstOwner.setupLink(ORIGIN)),
      tokenOf(await elsewhere.firstOwner.setupLink(ORIGIN)),
    ];
    assert.equal(await firstOwner.isSetupToken(tokens[1]), true);
    assert.equal(await firstOwner.isSetupToken("x".repeat(43)), false);
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: 10 },
        (_, index) =>
          (index % 2 === 0 ? firstOwner : elsewhere.firstOwner).setUp({
            token: tokens[index % 2],
            ...person(`p${index}`),
          }),
      ),
    );
    const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
    for (const [index, outcome] of outcomes.entries()) {
      if (index === winner) continue;
      assert.equal(outcome.status, "rejected");
      assert.equal(outcome.reason.code, "setup_over");
    }
    const { session } = await signIn.signIn({
      ...CLIENT,
      ...person(`p${winner}`),
    });
    assert.equal(session.user, FIRST_USER);
    assert.equal(await firstOwner.isSetupToken(tokens[0]), false);
    assert.equal(await firstOwner.setupLink(ORIGIN), null);
    assert.equal(
      await refusalOf(firstOwner.setUp({ token: tokens[0], ...person("z") })),
      "setup_over",
    );
  }, { env: NOBODY });
});

Deno.test("FirstOwner: a setup link ends after a week, and a made-up one is none", async () => {
  await withIdentity(async ({ firstOwner, clock }) => {
    const token = tokenOf(await firstOwner.setupLink(ORIGIN));
    for (const other of ["", "x", "x".repeat(43), `${token}x`]) {
      assert.equal(
        await refusalOf(firstOwner.setUp({ token: other, ...person("a") })),
        "link_invalid",
      );
    }
    clock.advance(7 * 24 * 60 * 60_000);
    assert.equal(await firstOwner.isSetupToken(token), false);
    assert.equal(
      await refusalOf(firstOwner.setUp({ token, ...person("a") })),
      "link_invalid",
    );
    assert.equal(await firstOwner.isMissing(), true);
  }, { env: NOBODY });
});

Deno.test("FirstOwner: processes that start at once with the settings make one owner, and later ones change nothing", async () => {
  await withIdentity(async ({ startProcess, signIn, users, sessions }) => {
    const settings = { email: "set@example.org", password: "by the settings" };
    await Promise.all(
      Array.from(
        { length: 5 },
        () => startProcess().firstOwner.ensure(settings),
      ),
    );
    const page = await users.list(FIRST_WORKSPACE, { limit: 50, cursor: null });
    assert.deepEqual(
      page.items.map(({ email, role }) => [email, role]),
      [["set@example.org", "owner"]],
    );
    const { token } = await signIn.signIn({ ...CLIENT, ...settings });
    await startProcess().firstOwner.ensure({
      email: "other@example.org",
      password: "another password",
    });
    sessions.forget();
    assert.equal((await sessions.find(token))?.email, "set@example.org");
    assert.equal(await users.findByEmail("other@example.org"), null);
  }, { env: NOBODY });
});

Deno.test("FirstOwner: in local mode there is nobody to set up", async () => {
  await withIdentity(async ({ firstOwner, users }) => {
    assert.equal(await firstOwner.setupLink(ORIGIN), null);
    const { email, role } = await users.require(FIRST_WORKSPACE, FIRST_USER);
    assert.deepEqual([email, role], [null, "owner"]);
  }, { env: { ...NOBODY, FRESHET_AUTH: "local" } });
});

Deno.test("FirstOwner: a server that has another owner is not open to be set up", async () => {
  await withIdentity(async (rig) => {
    const token = tokenOf(await rig.firstOwner.setupLink(ORIGIN));
    await addUser(rig, "made@example.org", { role: "owner" });
    assert.equal(await rig.firstOwner.isMissing(), false);
    assert.equal(
      await refusalOf(rig.firstOwner.setUp({ token, ...person("a") })),
      "setup_over",
    );
  }, { env: NOBODY });
});

Deno.test("FirstOwner: with an identity provider the settings name an address alone", async () => {
  const rig = await openIdentity({
    env: {
      FRESHET_AUTH: "oidc",
      OIDC_ISSUER: "https://id.example.org",
      OIDC_CLIENT_ID: "freshet",
      FRESHET_ADMIN_PASSWORD: "",
    },
  });
  try {
    const signedIn = await rig.providerAccounts.signIn({
      issuer: "https://id.example.org",
      subject: "1",
      email: OWNER.email,
      emailVerified: true,
      name: "Owner",
      groups: null,
      role: null,
      defaultRole: null,
    });
    assert.deepEqual(signedIn, {
      state: "ok",
      user: FIRST_USER,
      workspace: FIRST_WORKSPACE,
      isNew: false,
    });
  } finally {
    await rig.close();
  }
});
