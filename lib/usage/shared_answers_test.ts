import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { SharedAnswers } from "./shared_answers.ts";

const { signal } = new AbortController();

function counted() {
  const clock = new ManualClock();
  const made: PromiseWithResolvers<string>[] = [];
  const answers = new SharedAnswers<string>(clock, 500);
  const get = (key: string, gone: AbortSignal = signal) =>
    answers.get(key, () => {
      made.push(Promise.withResolvers());
      return made.at(-1)!.promise;
    }, gone);
  return { clock, made, get };
}

Deno.test("SharedAnswers.get: who asks the same meanwhile or just after gets the same, later a new one", async () => {
  const { clock, made, get } = counted();
  const both = [get("a"), get("a"), get("b")];
  assert.equal(made.length, 2);
  made[0].resolve("one");
  made[1].resolve("other");
  assert.deepEqual(await Promise.all(both), ["one", "one", "other"]);
  clock.advance(499);
  assert.equal(await get("a"), "one");
  clock.advance(1);
  const later = get("a");
  assert.equal(made.length, 3);
  made[2].resolve("two");
  assert.equal(await later, "two");
});

Deno.test("SharedAnswers.get: a failure is everybody's who waited, and nobody's afterwards", async () => {
  const { made, get } = counted();
  const both = Promise.allSettled([get("a"), get("a")]);
  made[0].reject(new Error("Gone"));
  assert.deepEqual((await both).map(({ status }) => status), [
    "rejected",
    "rejected",
  ]);
  const again = get("a");
  made[1].resolve("one");
  assert.equal(await again, "one");
});

Deno.test("SharedAnswers.get: who leaves does not take the answer from the others", async () => {
  const { made, get } = counted();
  const leaving = new AbortController();
  const left = get("a", leaving.signal);
  const stays = get("a");
  leaving.abort(new Error("Left"));
  await assert.rejects(left, /Left/);
  made[0].resolve("one");
  assert.equal(await stays, "one");
  assert.equal(made.length, 1);
});
