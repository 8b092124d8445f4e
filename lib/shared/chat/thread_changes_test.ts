import assert from "node:assert/strict";
import { ChatRequests, RequestRefused } from "./requests.ts";
import { FakeServer, problem } from "./testing/fake_server.ts";
import { THREAD } from "./testing/open_session.ts";
import {
  ChangedElsewhere,
  changeThread,
  deleteThread,
} from "./thread_changes.ts";
import { onNews, type ThreadNews } from "./thread_news.ts";

const PATH = "/api/threads/thr_1";
const stale = () => problem(412, "precondition_failed");

function rig() {
  const server = new FakeServer();
  const news: ThreadNews[] = [];
  const stop = onNews((each) => news.push(each));
  return {
    server,
    news,
    requests: new ChatRequests(server.fetch),
    [Symbol.dispose]: stop,
  };
}

Deno.test("changeThread: sends the version it knows, and tells the page what came of it", async () => {
  using given = rig();
  const { server, requests, news } = given;
  server.on(
    `PATCH ${PATH}`,
    () => Response.json({ ...THREAD, title: "New", version: 2 }),
  );
  const changed = await changeThread(requests, THREAD, { title: "New" });
  assert.equal(changed.version, 2);
  assert.equal(server.calls[0].headers.get("if-match"), '"1"');
  assert.deepEqual(news, [{ kind: "changed", thread: changed }]);
});

Deno.test("changeThread: tries again when something else was changed meanwhile", async () => {
  using given = rig();
  const { server, requests } = given;
  server.on(`PATCH ${PATH}`, stale, () => Response.json(THREAD));
  server.on(
    `GET ${PATH}`,
    () => Response.json({ ...THREAD, pinned: true, version: 5 }),
  );
  await changeThread(requests, THREAD, { title: "New" });
  const [, second] = server.callsOf(`PATCH ${PATH}`);
  assert.equal(second.headers.get("if-match"), '"5"');
});

Deno.test("changeThread: never overwrites what somebody else has written", async () => {
  using given = rig();
  const { server, requests, news } = given;
  server.on(`PATCH ${PATH}`, stale);
  const theirs = { ...THREAD, title: "Theirs", version: 5 };
  server.on(`GET ${PATH}`, () => Response.json(theirs));
  await assert.rejects(
    changeThread(requests, THREAD, { title: "Mine" }),
    ChangedElsewhere,
  );
  assert.equal(server.callsOf(`PATCH ${PATH}`).length, 1);
  assert.deepEqual(news, [{ kind: "changed", thread: theirs }]);
});

Deno.test("changeThread: gives up when the thread changes all the time", async () => {
  using given = rig();
  const { server, requests } = given;
  server.on(`PATCH ${PATH}`, stale, stale);
  server.on(`GET ${PATH}`, () => Response.json({ ...THREAD, version: 5 }));
  await assert.rejects(
    changeThread(requests, THREAD, { title: "Mine" }),
    RequestRefused,
  );
});

Deno.test("deleteThread: deletes also what was changed meanwhile", async () => {
  using given = rig();
  const { server, requests } = given;
  const done = () => new Response(null, { status: 204 });
  server.on(`DELETE ${PATH}`, stale, done);
  server.on(`GET ${PATH}`, () => Response.json({ ...THREAD, version: 5 }));
  await deleteThread(requests, THREAD);
  const [, second] = server.callsOf(`DELETE ${PATH}`);
  assert.equal(second.headers.get("if-match"), '"5"');
});
