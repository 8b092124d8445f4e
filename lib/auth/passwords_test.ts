import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { Passwords } from "./passwords.ts";
import { Turns } from "./turns.ts";

const SMALL = { n: 2 ** 4, r: 8, p: 1 };
const PASSWORD = "correct horse battery";

Deno.test("Passwords: one that was hashed is known again, and no other is", async () => {
  const passwords = new Passwords(SMALL);
  const stored = await passwords.hash(PASSWORD);
  assert.equal(await passwords.verify(PASSWORD, stored), true);
  for (const other of ["", `${PASSWORD} `, PASSWORD.toUpperCase()]) {
    assert.equal(await passwords.verify(other, stored), false, other);
  }
  assert.notEqual((await passwords.hash(PASSWORD)).hash, stored.hash);
  assert.ok(!JSON.stringify(stored).includes(PASSWORD));
});

Deno.test("Passwords: the same letters of another keyboard are the same password", async () => {
  const passwords = new Passwords(SMALL);
  const stored = await passwords.hash("grüßgott-ﬁne-1");
  assert.equal(
    await passwords.verify("gru\u0308ßgott-fine-1", stored),
    true,
  );
});

Deno.test("Passwords: a hash of other parameters is still known, and told to be outdated", async () => {
  const old = new Passwords({ n: 2 ** 3, r: 4, p: 2 });
  const stored = await old.hash(PASSWORD);
  const passwords = new Passwords(SMALL);
  assert.equal(await passwords.verify(PASSWORD, stored), true);
  assert.equal(passwords.isOutdated(stored), true);
  assert.equal(passwords.isOutdated(await passwords.hash(PASSWORD)), false);
});

Deno.test("Passwords: where there is none, nothing fits and the same work is done", async () => {
  const passwords = new Passwords();
  const stored = await passwords.hash(PASSWORD);
  const time = async (hash: typeof stored | null) => {
    const startedAt = performance.now();
    assert.equal(await passwords.verify("wrong password", hash), false);
    return performance.now() - startedAt;
  };
  const there: number[] = [];
  const absent: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    there.push(await time(stored));
    absent.push(await time(null));
  }
  // Without the work, it would take a thousandth.
  assert.ok(Math.max(...absent) > Math.min(...there) / 4);
});

Deno.test("Passwords: while many are hashed the event loop goes on", async () => {
  const passwords = new Passwords();
  const startedAt = performance.now();
  const work = Promise.all(
    Array.from({ length: 4 }, () => passwords.verify(PASSWORD, null)),
  );
  let turns = 0;
  let longestMs = 0;
  let isOver = false;
  work.finally(() => isOver = true);
  for (let last = performance.now(); !isOver; turns += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }
  await work;
  const eachMs = (performance.now() - startedAt) / 4;
  // A hash on the loop itself would be a turn as long as the hash.
  assert.ok(turns > 20, `${turns} turns`);
  assert.ok(longestMs < eachMs, `${longestMs} of ${eachMs} ms`);
});

Deno.test("Passwords: hashes take at least the work of N = 2^15", async () => {
  const { n, r, p } = await new Passwords().hash(PASSWORD);
  assert.ok(n >= 2 ** 15 && r >= 8 && p >= 3, `${n} ${r} ${p}`);
});

Deno.test("Turns: only so many work and wait at a time, in their order", async () => {
  const turns = new Turns({ active: 2, waiting: 2 });
  const order: number[] = [];
  let active = 0;
  let most = 0;
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const works = gates.map(({ promise }, index) =>
    turns.take(async () => {
      active += 1;
      most = Math.max(most, active);
      await promise;
      order.push(index);
      active -= 1;
    })
  );
  await assert.rejects(
    turns.take(() => Promise.resolve()),
    (error) => error instanceof AppError && error.code === "overloaded",
  );
  for (const { resolve } of gates) resolve();
  await Promise.all(works);
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.equal(most, 2);
  assert.equal(await turns.take(() => Promise.resolve("again")), "again");
});

Deno.test("Turns: work that fails leaves its place", async () => {
  const turns = new Turns({ active: 1, waiting: 1 });
  await assert.rejects(turns.take(() => Promise.reject(new Error("no"))));
  assert.equal(await turns.take(() => Promise.resolve(1)), 1);
});
