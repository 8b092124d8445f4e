import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { openStore } from "@/lib/kv/open.ts";
import { SearchRig, WORKSPACE } from "./testing/search_rig.ts";

/** A rig whose index follows what is told. */
async function searching(
  test: (rig: SearchRig) => Promise<void>,
) {
  const store = await openStore({ location: ":memory:" });
  const rig = new SearchRig(store);
  rig.consumers.start();
  try {
    await rig.settled();
    await test(rig);
  } finally {
    await rig.consumers.stop();
    store.close();
  }
}

/** The marked pieces of the first result's messages. */
async function marked(rig: SearchRig, query: string): Promise<string[]> {
  const { items } = await rig.find(query);
  return items[0]?.matches.flatMap(({ snippet, ranges }) =>
    ranges.map(([start, end]) => snippet.slice(start, end))
  ) ?? [];
}

Deno.test("search: threads are found by titles and by messages, with the place that matches", () =>
  searching(async (rig) => {
    const updatedAt = "2026-03-01T10:00:00.000Z";
    const { id, messages } = await rig.add({
      title: "Snow melt",
      texts: ["When does the crest reach Basel?", "The crest passes at noon."],
      updatedAt,
    });
    await rig.add({ title: "Bread", texts: ["How long does dough rest?"] });
    await rig.settled();
    assert.deepEqual(await rig.titles("snow"), ["Snow melt"]);
    const { items, nextCursor } = await rig.find("noon");
    assert.equal(nextCursor, null);
    assert.deepEqual(items, [{
      threadId: id,
      title: "Snow melt",
      titleRanges: [],
      updatedAt,
      archived: false,
      matches: [{
        messageId: messages[1],
        role: "assistant",
        snippet: "The crest passes at noon.",
        ranges: [[20, 24]],
      }],
    }]);
    const [both] = (await rig.find("crest")).items;
    assert.deepEqual(
      both.matches.map(({ role }) => role).toSorted(),
      ["assistant", "user"],
    );
  }));

Deno.test("search: every word has to be in the thread; the last one may go on", () =>
  searching(async (rig) => {
    await rig.add({ title: "Rivers", texts: ["alpha beta", "gamma delta"] });
    await rig.add({ title: "Lakes", texts: ["alpha only"] });
    await rig.settled();
    assert.deepEqual(await rig.titles("alpha delta"), ["Rivers"]);
    assert.deepEqual(await rig.titles("alpha del"), ["Rivers"]);
    assert.deepEqual(await rig.titles("del alpha"), []);
    assert.deepEqual(await rig.titles("alpha epsilon"), []);
    assert.deepEqual(await rig.titles("rivers alpha"), ["Rivers"]);
  }));

Deno.test("search: a quoted phrase keeps its order, inside one message", () =>
  searching(async (rig) => {
    await rig.add({
      title: "One",
      texts: ["the flood wave passed", "quietly"],
    });
    await rig.add({ title: "Two", texts: ["the wave of the flood"] });
    await rig.settled();
    assert.deepEqual(await rig.titles('"flood wave"'), ["One"]);
    assert.deepEqual(await rig.titles('"passed quietly"'), []);
    assert.deepEqual(await rig.titles('"flood wav"'), []);
    assert.deepEqual(await rig.titles('"flood wav'), ["One"]);
    assert.deepEqual(await rig.titles('the "flood wave"'), ["One"]);
  }));

Deno.test("search: case and diacritics do not count, in any script", () =>
  searching(async (rig) => {
    await rig.add({ title: "A", texts: ["Grüße aus ZÜRICH, Łódź und Ærø"] });
    await rig.add({ title: "B", texts: ["ΟΔΟΣ και ποταμός"] });
    await rig.add({ title: "C", texts: ["Ｆｕｌｌ width and ﬁne"] });
    await rig.settled();
    for (const query of ["grusse", "GRÜSSE", "zürich", "lodz", "aero"]) {
      assert.deepEqual(await rig.titles(query), ["A"], query);
    }
    assert.deepEqual(await rig.titles("οδος"), ["B"]);
    assert.deepEqual(await rig.titles("ποταμος"), ["B"]);
    assert.deepEqual(await rig.titles("full fine"), ["C"]);
    assert.deepEqual(await marked(rig, "zurich"), ["ZÜRICH"]);
  }));

Deno.test("search: scripts without spaces are found by any part, compounds by their beginning", () =>
  searching(async (rig) => {
    await rig.add({ title: "日本語", texts: ["河川水位は今日も高い。"] });
    await rig.add({
      title: "Deutsch",
      texts: ["Hochwasserschutzbeauftragter"],
    });
    await rig.add({ title: "한국어", texts: ["한강의 수위가 높다"] });
    await rig.settled();
    for (const query of ["河川", "川水", "水位は今日", "位", "高い", "い"]) {
      assert.deepEqual(await rig.titles(query), ["日本語"], query);
      assert.deepEqual([...new Set(await marked(rig, query))], [query]);
    }
    assert.deepEqual(await rig.titles("川位"), []);
    assert.deepEqual(await rig.titles("hochwasser"), ["Deutsch"]);
    assert.deepEqual(await marked(rig, "hochwasser"), [
      "Hochwasserschutzbeauftragter",
    ]);
    assert.deepEqual(await rig.titles("수위"), ["한국어"]);
  }));

Deno.test("search: a title counts more than a body, and of equals the newest comes first", () =>
  searching(async (rig) => {
    const day = (number: number) => `2026-03-0${number}T00:00:00.000Z`;
    await rig.add({ title: "Delta", texts: ["x"], updatedAt: day(1) });
    await rig.add({ title: "Old", texts: ["delta y"], updatedAt: day(2) });
    await rig.add({ title: "New", texts: ["delta y"], updatedAt: day(4) });
    await rig.add({ title: "Middle", texts: ["delta y"], updatedAt: day(3) });
    await rig.settled();
    assert.deepEqual(await rig.titles("delta"), [
      "Delta",
      "New",
      "Middle",
      "Old",
    ]);
  }));

Deno.test("search: pages follow each other without gap or repetition", () =>
  searching(async (rig) => {
    const titles: string[] = [];
    for (let made = 0; made < 23; made += 1) {
      titles.push(`Thread ${made}`);
      await rig.add({ title: titles[made], texts: ["same words"] });
    }
    await rig.settled();
    const seen: string[] = [];
    let cursor: string | null = null;
    const sizes: number[] = [];
    do {
      const page = await rig.find("same", { limit: 5, cursor });
      sizes.push(page.items.length);
      seen.push(...page.items.map(({ title }) => title));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepEqual(sizes, [5, 5, 5, 5, 3]);
    assert.deepEqual(seen.toSorted(), titles.toSorted());
  }));

Deno.test("search: a rename is found within a second, by the new title alone", () =>
  searching(async (rig) => {
    const { id } = await rig.add({ title: "Before", texts: ["words"] });
    await rig.settled();
    const begun = performance.now();
    await rig.edit(id, "updated", { title: "Afterwards" });
    while ((await rig.titles("afterwards")).length === 0) {
      assert.ok(performance.now() - begun < 10_000, "never found");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(await rig.titles("before"), []);
    assert.deepEqual(await rig.titles("words"), ["Afterwards"]);
  }));

Deno.test("search: a deleted thread is not found, at once; a restored one is; a purged one is not", () =>
  searching(async (rig) => {
    const { id } = await rig.add({ title: "Gone", texts: ["needle here"] });
    await rig.add({ title: "Stays", texts: ["needle there"] });
    await rig.settled();
    await rig.edit(id, "deleted", { deletedAt: "2026-01-01T00:00:00.000Z" });
    assert.deepEqual(await rig.titles("needle"), ["Stays"]);
    await rig.settled();
    assert.deepEqual(await rig.titles("needle"), ["Stays"]);
    await rig.edit(id, "restored", { deletedAt: null });
    await rig.settled();
    assert.deepEqual((await rig.titles("needle")).toSorted(), [
      "Gone",
      "Stays",
    ]);
    await rig.edit(id, "purged", { deletedAt: "2026-01-01T00:00:00.000Z" });
    await rig.settled();
    const view = await rig.cache.view(WORKSPACE);
    assert.equal(view.documents, 2);
  }));

Deno.test("search: archived threads are found and marked, temporary ones and those of others are not", () =>
  searching(async (rig) => {
    await rig.add({
      title: "Kept",
      texts: ["needle"],
      more: { archived: true },
    });
    await rig.add({
      title: "Temporary",
      texts: ["needle"],
      more: { temporary: true },
    });
    await rig.add({ title: "Foreign", texts: ["needle"], space: "wsp_2" });
    await rig.settled();
    const { items } = await rig.find("needle");
    assert.deepEqual(items.map(({ title, archived }) => [title, archived]), [
      ["Kept", true],
    ]);
    assert.deepEqual(await rig.titles("needle", "wsp_2"), ["Foreign"]);
    const view = await rig.cache.view(WORKSPACE);
    assert.equal(view.threadIds.length, 1);
  }));

Deno.test("search: bad queries and cursors are refused by name", () =>
  searching(async (rig) => {
    const refusals = [
      [rig.find(""), "q"],
      [rig.find("   "), "q"],
      [rig.find('"!?" …'), "q"],
      [rig.find("x".repeat(501)), "q"],
      [rig.find("x", { cursor: "1" }), "cursor"],
      [rig.find("x", { cursor: "1.2.3" }), "cursor"],
    ] as const;
    for (const [refusal, path] of refusals) {
      await assert.rejects(refusal, (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.status, 400);
        assert.equal(error.errors[0].path, path);
        return true;
      });
    }
    assert.deepEqual(await rig.titles("nothing <script> % _ * ( ["), []);
  }));

Deno.test("search: a snippet of a long message shows the matches, cut between words", () =>
  searching(async (rig) => {
    const filler = "lorem ipsum dolor sit amet ".repeat(100);
    await rig.add({
      title: "Long",
      texts: [`${filler}\n\nthe   crest\nof the flood 🌊 ${filler}`],
    });
    await rig.settled();
    const { items: [{ matches: [match] }] } = await rig.find("crest flood");
    assert.ok(match.snippet.length < 200, match.snippet);
    assert.match(match.snippet, /^….*the crest of the flood 🌊 lorem.*…$/u);
    assert.deepEqual(await marked(rig, "crest flood"), ["crest", "flood"]);
  }));

Deno.test("search: a message in blob parts is found up to where it is indexed", () =>
  searching(async (rig) => {
    const text = `${"filler words ".repeat(3_000)}needle ${
      "more words ".repeat(6_000)
    }beyond`;
    await rig.add({ title: "Blob", texts: [text] });
    await rig.settled();
    assert.deepEqual(await rig.titles("needle"), ["Blob"]);
    assert.deepEqual(await marked(rig, "needle"), ["needle"]);
    assert.deepEqual(await rig.titles("beyond"), []);
  }));

Deno.test("search: threads from before the search are indexed at the first start, of all spaces", async () => {
  const store = await openStore({ location: ":memory:" });
  const rig = new SearchRig(store);
  const long = "padding text without end ".repeat(300);
  for (let made = 0; made < 150; made += 1) {
    await rig.add({
      title: `Old ${made}`,
      texts: [`${made % 40 === 0 ? long : ""} ancient word${made}`],
      space: made % 3 === 0 ? "wsp_2" : WORKSPACE,
      isSilent: true,
    });
  }
  rig.consumers.start();
  try {
    await rig.settled();
    const all = await rig.find("ancient", { limit: 200 });
    assert.equal(all.items.length, 100);
    assert.deepEqual(
      await rig.titles("word7"),
      ["Old 7"].concat(
        Array.from({ length: 10 }, (_, last) => `Old ${70 + last}`)
          .filter((title) => Number(title.slice(4)) % 3 !== 0).reverse(),
      ),
    );
    assert.equal(
      (await rig.find("ancient", { space: "wsp_2", limit: 200 })).items
        .length,
      50,
    );
  } finally {
    await rig.consumers.stop();
    store.close();
  }
});

Deno.test("search: many small changes are merged into few segments, and nothing is lost", () =>
  searching(async (rig) => {
    const ids: string[] = [];
    for (let made = 0; made < 60; made += 1) {
      const { id } = await rig.add({
        title: `Title ${made}`,
        texts: [`common unique${made}z`],
      });
      ids.push(id);
      await rig.settled();
      if (made % 5 === 4) {
        await rig.edit(ids[made - 2], "updated", { title: `New ${made - 2}` });
        await rig.edit(ids[made - 3], "deleted", { deletedAt: "2026-01-01" });
        await rig.settled();
      }
    }
    const { segments } = await rig.index.load(WORKSPACE);
    assert.ok(segments.length < 16, `${segments.length} segments`);
    for (let made = 0; made < 60; made += 1) {
      const title = made % 5 === 2 ? `New ${made}` : `Title ${made}`;
      assert.deepEqual(
        await rig.titles(`unique${made}z`),
        made % 5 === 1 ? [] : [title],
      );
    }
    assert.equal((await rig.find("common", { limit: 200 })).items.length, 48);
    assert.equal((await rig.find("title", { limit: 200 })).items.length, 36);
  }));
