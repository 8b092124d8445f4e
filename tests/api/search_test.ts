/** Search over HTTP: what was asked and answered is found, by the right person, and by its page. */
import assert from "node:assert/strict";
import type { SearchPage } from "@/lib/shared/search/search_wire.ts";
import type { TestApp } from "../support/app.ts";
import { askWhole, getThread, startChat } from "../support/chat_client.ts";
import {
  deleteThread,
  json,
  patchThread,
  problem,
} from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

async function find(app: TestApp, query: string): Promise<SearchPage> {
  const fields = new URLSearchParams({ q: query });
  return await json(await app.fetch(`/api/search?${fields}`));
}

const idsOf = async (app: TestApp, query: string) =>
  (await find(app, query)).items.map(({ threadId }) => threadId);

/** Waits until a query finds exactly these threads. */
const untilFound = (app: TestApp, query: string, threads: string[]) =>
  waitFor(`“${query}” to be found`, async () => {
    const found = await idsOf(app, query);
    return found.toSorted().join() === threads.toSorted().join();
  });

Deno.test("search: question, answer and title of a thread are found once it is answered", async () => {
  await using rig = await startChat({
    behaviour: { text: "The weir at Märkt opens at noon." },
  });
  const { app } = rig;
  const { thread } = await askWhole(app, "When does the barrage open?");
  await untilFound(app, "weir", [thread.id]);
  const { items: [found], nextCursor } = await find(app, "markt NOON");
  assert.equal(nextCursor, null);
  assert.equal(found.threadId, thread.id);
  assert.equal(found.title, "When does the barrage open?");
  assert.equal(found.archived, false);
  assert.equal(found.updatedAt, (await getThread(app, thread.id)).updatedAt);
  const [match] = found.matches;
  assert.equal(match.role, "assistant");
  assert.deepEqual(
    match.ranges.map(([start, end]) => match.snippet.slice(start, end)),
    ["Märkt", "noon"],
  );
  const [question] = (await find(app, "barrage")).items[0].matches;
  assert.equal(question.role, "user");
});

Deno.test("search: a rename is found at once, a deleted thread is not, a restored one is again", async () => {
  await using rig = await startChat({ behaviour: { text: "quiet water" } });
  const { app } = rig;
  const { thread } = await askWhole(app, "first question");
  await untilFound(app, "quiet", [thread.id]);
  const renamed = await patchThread(app, await getThread(app, thread.id), {
    title: "Zander fishing",
    archived: true,
  });
  await untilFound(app, "zander", [thread.id]);
  assert.equal((await find(app, "zander")).items[0].archived, true);
  await deleteThread(app, renamed.id);
  assert.deepEqual(await idsOf(app, "quiet"), []);
  const restored = await app.post(`/api/threads/${thread.id}/restore`, {});
  assert.equal(restored.status, 200, await restored.text());
  await untilFound(app, "quiet", [thread.id]);
});

Deno.test("search: nothing of a temporary thread is found", async () => {
  await using rig = await startChat({ behaviour: { text: "secret water" } });
  const { app } = rig;
  const { thread } = await askWhole(app, "kept question");
  const made = await app.post("/api/threads", { temporary: true });
  const { id } = await json<{ id: string }>(made, 201);
  const run = await app.post(`/api/threads/${id}/runs`, {
    message: { content: "hidden question" },
  });
  assert.equal(run.status, 201, await run.text());
  const later = await askWhole(app, "later question");
  // What came after it is there, so it would be too.
  await untilFound(app, "question", [thread.id, later.thread.id]);
  assert.deepEqual(await idsOf(app, "hidden"), []);
});

Deno.test("search: bad queries, limits and cursors are refused by name", async () => {
  await using rig = await startChat();
  for (
    const [fields, path] of [
      ["", "q"],
      ["?q=", "q"],
      ["?q=%20%20", "q"],
      ["?q=...", "q"],
      [`?q=${"x".repeat(501)}`, "q"],
      ["?q=x&limit=0", "limit"],
      ["?q=x&cursor=nothing", "cursor"],
    ]
  ) {
    const response = await rig.app.fetch(`/api/search${fields}`);
    const { errors } = await json<{ errors: { path: string }[] }>(
      response.clone(),
      400,
    );
    assert.equal(errors[0].path, path, fields);
    await problem(response, 400, "invalid_request");
  }
});

Deno.test("search page: the first HTML holds the results, marked and escaped", async () => {
  await using rig = await startChat({
    behaviour: { text: "Use <b>bold</b> & plain cresset words." },
  });
  const { app } = rig;
  const { thread } = await askWhole(app, "How?");
  await untilFound(app, "cresset", [thread.id]);
  const html = await (await app.fetch("/search?q=cresset")).text();
  const [answer] = (await find(app, "cresset")).items[0].matches;
  assert.ok(html.includes(`href="/c/${thread.id}#${answer.messageId}"`));
  assert.match(
    html,
    /Use &lt;b>bold&lt;\/b> &amp; plain <mark ?>cresset<\/mark> words\./,
  );
  assert.match(html, /value="cresset"/);

  const nothing = await app.fetch("/search?q=%3Cscript%3Enothing");
  assert.equal(nothing.status, 200);
  const page = await nothing.text();
  assert.match(page, /No thread found/);
  assert.ok(!page.includes("<script>nothing"));
  const empty = await app.fetch("/search");
  assert.equal(empty.status, 200);
  assert.match(await empty.text(), /Put a phrase in quotes/);
  const none = await app.fetch("/search?q=%3F%3F");
  assert.equal(none.status, 400);
  assert.match(await none.text(), /There is no word to search for/);
});
