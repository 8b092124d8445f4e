import assert from "node:assert/strict";
import type { AppError } from "@/lib/errors.ts";
import {
  addUser,
  CLIENT,
  openIdentity,
  OWNER,
  refusalOf,
  withIdentity,
} from "./testing/identity_rig.ts";
import { waitInWords } from "./throttle.ts";

const RIGHT = { ...OWNER, ...CLIENT };
const WRONG = { ...RIGHT, password: "wrong password" };

async function errorOf(work: Promise<unknown>): Promise<AppError> {
  return await work.then(
    () => assert.fail("It was not refused"),
    (error) => error as AppError,
  );
}

Deno.test("SignIn: an address in any case and its password begin a session", async () => {
  await withIdentity(async ({ signIn, sessions }) => {
    const { token } = await signIn.signIn({
      ...RIGHT,
      email: " OWNER@Example.org ",
    });
    assert.equal((await sessions.find(token))?.email, OWNER.email);
    const again = await signIn.signIn(RIGHT);
    assert.notEqual(again.token, token);
  });
});

Deno.test("SignIn: no account, no password and a wrong one are told alike", async () => {
  await withIdentity(async ({ signIn }) => {
    const wrong = await errorOf(signIn.signIn(WRONG));
    const unknown = await errorOf(
      signIn.signIn({ ...WRONG, email: "nobody@example.org" }),
    );
    const noAddress = await errorOf(
      signIn.signIn({ ...WRONG, email: "no address" }),
    );
    assert.equal(wrong.status, 401);
    assert.equal(wrong.code, "invalid_credentials");
    assert.equal(wrong.extra.triesLeft, 4);
    for (const error of [unknown, noAddress]) {
      assert.deepEqual(
        [error.status, error.code, error.message, error.extra],
        [wrong.status, wrong.code, wrong.message, wrong.extra],
      );
    }
  });
});

Deno.test("SignIn: after five wrong tries the next waits a minute, then longer, and never for ever", async () => {
  await withIdentity(async ({ signIn, clock }) => {
    const left: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      left.push((await errorOf(signIn.signIn(WRONG))).extra.triesLeft);
    }
    assert.deepEqual(left, [4, 3, 2, 1, 0]);
    const waits: unknown[] = [];
    for (let round = 0; round < 7; round += 1) {
      const blocked = await errorOf(signIn.signIn(RIGHT));
      assert.equal(blocked.status, 429);
      assert.equal(blocked.code, "too_many_attempts");
      const seconds = Number(blocked.headers["retry-after"]);
      waits.push(seconds);
      clock.advance(seconds * 1_000);
      await refusalOf(signIn.signIn({ ...WRONG, password: `wrong ${round}` }));
    }
    assert.deepEqual(waits, [60, 120, 240, 480, 900, 900, 900]);
    clock.advance(900_000);
    assert.ok((await signIn.signIn(RIGHT)).token);
    assert.equal((await errorOf(signIn.signIn(WRONG))).extra.triesLeft, 4);
  });
});

Deno.test("SignIn: a hundred guesses at once, in two processes, are five", async () => {
  await withIdentity(async ({ signIn, startProcess }) => {
    const elsewhere = startProcess();
    const codes = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        refusalOf(
          (index % 2 === 0 ? signIn : elsewhere.signIn).signIn({
            ...WRONG,
            password: `guess ${index}`,
          }),
        )),
    );
    const looked = codes.filter((code) => code === "invalid_credentials");
    assert.equal(looked.length, 5);
    assert.equal(
      codes.filter((code) => code === "too_many_attempts").length,
      95,
    );
  });
});

Deno.test("SignIn: guesses of a stranger do not shut out who signs in from where they did before", async () => {
  await withIdentity(async ({ signIn }) => {
    await signIn.signIn(RIGHT);
    const stranger = { ...WRONG, address: "198.51.100.7" };
    for (let round = 0; round < 8; round += 1) {
      await refusalOf(signIn.signIn(stranger));
    }
    assert.equal(
      await refusalOf(signIn.signIn({ ...stranger, ...OWNER })),
      "too_many_attempts",
    );
    assert.ok((await signIn.signIn(RIGHT)).token);
  });
});

Deno.test("SignIn: one address that tries many accounts has to wait, others have not", async () => {
  await withIdentity(async ({ signIn, clock }) => {
    const guess = (index: number, address: string) =>
      refusalOf(signIn.signIn({
        ...WRONG,
        email: `user${index}@example.org`,
        address,
      }));
    for (let index = 0; index < 30; index += 1) {
      assert.equal(await guess(index, "198.51.100.7"), "invalid_credentials");
    }
    assert.equal(await guess(30, "198.51.100.7"), "too_many_attempts");
    assert.equal(await guess(30, "198.51.100.8"), "invalid_credentials");
    clock.advance(60_000);
    assert.equal(await guess(31, "198.51.100.7"), "invalid_credentials");
  });
});

Deno.test("SignIn: addresses of one network of version 6 are one client", async () => {
  await withIdentity(async ({ signIn }) => {
    for (let index = 0; index < 30; index += 1) {
      await refusalOf(signIn.signIn({
        ...WRONG,
        email: `user${index}@example.org`,
        address: `2001:db8:1:2::${index + 1}`,
      }));
    }
    assert.equal(
      await refusalOf(
        signIn.signIn({ ...RIGHT, address: "2001:db8:1:2:ffff::1" }),
      ),
      "too_many_attempts",
    );
  });
});

Deno.test("SignIn: a hundred people sign in at once", async () => {
  await withIdentity(async (rig) => {
    const people = await Promise.all(
      Array.from(
        { length: 100 },
        (_, index) => addUser(rig, `user${index}@example.org`),
      ),
    );
    const sessions = await Promise.all(
      people.map(({ email, password }) =>
        rig.signIn.signIn({ ...CLIENT, email: email!, password })
      ),
    );
    assert.deepEqual(
      sessions.map(({ session }) => session.user),
      people.map(({ id }) => id),
    );
  });
});

Deno.test("SignIn: the same person a hundred times at once is one look at the password", async () => {
  await withIdentity(async ({ signIn }) => {
    const sessions = await Promise.all(
      Array.from({ length: 100 }, () => signIn.signIn(RIGHT)),
    );
    assert.equal(new Set(sessions.map(({ token }) => token)).size, 100);
  });
});

Deno.test("SignIn: a hash with parameters of before becomes one of today", async () => {
  await withIdentity(async ({ startProcess, store }) => {
    const later = startProcess({ n: 2 ** 5, r: 8, p: 1 });
    await later.signIn.signIn(RIGHT);
    const rows = store.kv.list<{ hash: { n: number } }>({
      prefix: ["sys", "pass"],
    });
    for await (const { value } of rows) assert.equal(value.hash.n, 2 ** 5);
    assert.ok((await startProcess().signIn.signIn(RIGHT)).token);
  });
});

Deno.test("SignIn: in mode oidc a password is the first owner's alone", async () => {
  const rig = await openIdentity({
    env: {
      FRESHET_AUTH: "oidc",
      OIDC_ISSUER: "https://id.example.org",
      OIDC_CLIENT_ID: "freshet",
    },
  });
  try {
    assert.ok((await rig.signIn.signIn(RIGHT)).token);
    const { email, password } = await addUser(rig, "a@example.org");
    assert.equal(
      await refusalOf(
        rig.signIn.signIn({ ...CLIENT, email: email!, password }),
      ),
      "invalid_credentials",
    );
  } finally {
    await rig.close();
  }
});

Deno.test("SignIn: sign-ins and failures are in the audit log, without what was typed", async () => {
  await withIdentity(async ({ signIn, store }) => {
    await signIn.signIn(RIGHT);
    await refusalOf(signIn.signIn(WRONG));
    await refusalOf(signIn.signIn({ ...WRONG, email: "my secret password" }));
    let text = "";
    for await (const { key, value } of store.kv.list({ prefix: [] })) {
      if (key[1] === "e") text += JSON.stringify(value);
    }
    assert.match(text, /"user.signed_in"/);
    assert.match(text, /"user.sign_in_failed".*wrong password/);
    assert.match(text, /unknown account/);
    for (const typed of [WRONG.password, OWNER.password, "my secret"]) {
      // "wrong password" is also the reason, in other words.
      assert.equal(
        text.split(typed).length - 1,
        typed === WRONG.password ? 1 : 0,
        typed,
      );
    }
  });
});

Deno.test("waitInWords: tells a wait as people do", () => {
  assert.deepEqual(
    [1, 999, 1_000, 12_000, 60_000, 90_000, 91_000, 900_000].map(waitInWords),
    [
      "one second",
      "one second",
      "one second",
      "12 seconds",
      "one minute",
      "90 seconds",
      "2 minutes",
      "15 minutes",
    ],
  );
});
