import assert from "node:assert/strict";
import { Doorbells } from "./doorbell.ts";
import { openStore } from "./open.ts";
import type { Store } from "./store.ts";

/** A store whose notices reach everyone, as a remote one's do. */
async function remotely() {
  const opened = await openStore({ location: ":memory:" });
  const store: Store = { ...opened, kind: "remote" };
  let watches = 0;
  const kv = new Proxy(opened.kv, {
    get(target, name) {
      if (name === "watch") watches += 1;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    store: { ...store, kv },
    doorbells: new Doorbells({ ...store, kv }),
    watches: () => watches,
    set: (key: Deno.KvKey) =>
      opened.kv.atomic().set(key, { v: 1, at: Math.random() }).commit(),
    [Symbol.dispose]: () => opened.close(),
  };
}

const signal = () => AbortSignal.timeout(10_000);

Deno.test("Doorbells: a key that changes rings, and long before anybody would look", async () => {
  using test = await remotely();
  const bell = test.doorbells.add(["a"]);
  await bell.wait(signal());
  const since = performance.now();
  const rung = bell.wait(signal());
  await test.set(["a"]);
  await rung;
  assert.ok(performance.now() - since < 900);
  bell.remove();
});

Deno.test("Doorbells: all keys of a process share one watch", async () => {
  using test = await remotely();
  const bells = Array.from(
    { length: 10 },
    (_, index) => test.doorbells.add(["k", index]),
  );
  await Promise.all(bells.map((bell) => bell.wait(signal())));
  assert.equal(test.watches(), 1);
  for (const bell of bells) bell.remove();
});

Deno.test("Doorbells: more keys than a watch takes are looked at instead", async () => {
  using test = await remotely();
  const bells = Array.from(
    { length: 11 },
    (_, index) => test.doorbells.add(["k", index]),
  );
  await bells[10].wait(signal());
  for (const bell of bells) bell.remove();
});

Deno.test("Doorbells: whoever stops waiting is not kept", async () => {
  using test = await remotely();
  const bell = test.doorbells.add(["a"]);
  await bell.wait(signal());
  const abort = new AbortController();
  const waiting = bell.wait(abort.signal);
  abort.abort();
  await waiting;
  bell.remove();
});

Deno.test("Doorbells: on a file there are only looks, and no watch", async () => {
  using test = await remotely();
  const onFile = new Doorbells({ ...test.store, kind: "file" });
  const bell = onFile.add(["a"]);
  await bell.wait(signal());
  assert.equal(test.watches(), 0);
});
