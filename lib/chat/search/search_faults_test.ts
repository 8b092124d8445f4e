/** The search index under faults: whatever goes wrong, it ends as the threads are. */
import assert from "node:assert/strict";
import { BRIEF_FAULTS } from "@/lib/kv/testing/fault_kv.ts";
import { openStore } from "@/lib/kv/open.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { SearchRig } from "./testing/search_rig.ts";

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`search index: two processes on one faulty store, one of them dying now and then, agree with the threads (seed ${seed})`, async () => {
    using test = await openTestStore();
    const { store, calm, faults } = test;
    const random = seededRandom(seed);
    const pick = (count: number) => Math.floor(random() * count);
    // It writes the threads, reads the index and makes none itself.
    const outside = new SearchRig(calm);
    const running = [new SearchRig(store), new SearchRig(store)];
    for (const rig of running) rig.consumers.start();
    faults.randomly(seed, 0.15, BRIEF_FAULTS);
    const threads: { id: string; word: string; title: string }[] = [];
    await test.drive((async () => {
      for (let round = 0; round < 40; round += 1) {
        const action = threads.length < 4 ? 0 : pick(4);
        const at = pick(threads.length);
        if (action < 2) {
          const word = `word${round}x`;
          const title = `title${round}x`;
          const { id } = await outside.add({ title, texts: [word, "shared"] });
          threads.push({ id, word, title });
        } else if (action === 2) {
          threads[at].title = `renamed${round}x`;
          await outside.edit(threads[at].id, "updated", {
            title: threads[at].title,
          });
        } else {
          const [{ id }] = threads.splice(at, 1);
          const deletedAt = new Date(store.clock.now()).toISOString();
          await outside.edit(id, "deleted", { deletedAt });
        }
        if (round % 9 === 5) {
          const dying = running.shift()!;
          running.push(new SearchRig(store));
          running[1].consumers.start();
          await dying.consumers.stop();
        }
        await new Promise<void>((resolve) => store.clock.after(30, resolve));
      }
      faults.heal();
      await outside.settled();
      for (const rig of running) await rig.consumers.stop();
    })());
    await test.drive((async () => {
      const view = await outside.cache.view("wsp_1");
      assert.equal(view.documents, 3 * threads.length);
      for (const { word, title } of threads) {
        assert.deepEqual(await outside.titles(word), [title]);
        assert.deepEqual(await outside.titles(`"${title}"`), [title]);
      }
      const all = await outside.find("shared", { limit: 200 });
      assert.deepEqual(
        all.items.map(({ title }) => title).toSorted(),
        threads.map(({ title }) => title).toSorted(),
      );
    })());
  });
}

/** Counts what is asked of the store. */
class CountingKv extends WrappedKv {
  reads = 0;

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ) {
    this.reads += 1;
    return super.get<T>(key, options);
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ) {
    this.reads += 1;
    return super.getMany<T>(keys, options);
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ) {
    this.reads += 1;
    return super.list<T>(selector, options);
  }
}

Deno.test("search: asks the store for as much with 2,000 threads as with 50", async () => {
  const counts: number[] = [];
  for (const threads of [50, 2_000]) {
    let counting!: CountingKv;
    const store = await openStore({
      location: ":memory:",
      wrap: (kv) => counting = new CountingKv(kv),
    });
    const rig = new SearchRig(store);
    const makings: Promise<unknown>[] = [];
    for (let made = 0; made < threads; made += 1) {
      makings.push(rig.add({
        title: `Thread ${made}`,
        texts: ["the same question", "an answer"],
        isSilent: true,
      }));
    }
    await Promise.all(makings);
    rig.consumers.start();
    await rig.settled();
    await rig.consumers.stop();
    await rig.find("question", { limit: 10 });
    counting.reads = 0;
    const { items } = await rig.find("same quest", { limit: 10 });
    assert.equal(items.length, 10);
    counts.push(counting.reads);
    store.close();
  }
  assert.equal(counts[1], counts[0]);
  // The list of segments, and of each of ten threads its records and one message.
  assert.ok(counts[1] <= 1 + 10 * 2, `${counts[1]} reads`);
});
