import assert from "node:assert/strict";
import { Turns } from "./turns.ts";

Deno.test("Turns: work on one thing is done in turn, that on others beside it", async () => {
  const turns = new Turns();
  const told: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", async () => {
    told.push("a1");
    await gate.promise;
    told.push("a1 ends");
  });
  const second = turns.take("a", () => Promise.resolve(told.push("a2")));
  await turns.take("b", () => Promise.resolve(told.push("b")));
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(told, ["a1", "b", "a1 ends", "a2"]);
});

Deno.test("Turns: work that fails lets the next have its turn", async () => {
  const turns = new Turns();
  const first = turns.take("a", () => Promise.reject(new Error("no")));
  const second = turns.take("a", () => Promise.resolve("done"));
  await assert.rejects(first, /no/);
  assert.equal(await second, "done");
});
