/** What a session makes of news: other tabs, other devices, the server itself. */
import assert from "node:assert/strict";
import {
  chunk,
  done,
  FakeStream,
  START,
  until,
} from "./testing/fake_server.ts";
import {
  answering,
  MemoryStorage,
  message,
  openSession,
  RUNS,
  runStream,
  THREAD,
  write,
} from "./testing/open_session.ts";
import { tellNews } from "./thread_news.ts";

const MESSAGES = "GET /api/threads/thr_1/messages";
const READ = "POST /api/threads/thr_1/read";

Deno.test("ChatSession: shows and follows what another page asks in its thread", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = new FakeStream();
  server.on(MESSAGES, () =>
    Response.json({
      items: [
        message("msg_1", "user"),
        message("msg_answer", "assistant", {
          status: "streaming",
          content: "",
        }),
      ],
      nextCursor: null,
    }));
  server.on("GET /api/runs/run_1/events", () => stream.response);
  begin();
  tellNews({ kind: "changed", thread: { ...THREAD, activeRunId: "run_1" } });
  await until(() => session.turns.value.length === 1);
  stream.send([START, chunk("Hi"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  assert.equal(session.turns.value[0].answer?.text, "Hi");
  session.close();
});

Deno.test("ChatSession: news of its own run is no news, whenever it comes", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  const accepted = Promise.withResolvers<Response>();
  server.on(RUNS, () => accepted.promise);
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  const running = {
    kind: "changed",
    thread: { ...THREAD, activeRunId: "run_1" },
  } as const;
  write(session, "One");
  tellNews(running);
  accepted.resolve(stream.response);
  await until(() => session.turns.value[0].answer?.runId === "run_1");
  tellNews(running);
  stream.send([START, chunk("Hi"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  tellNews(running);
  assert.equal(server.callsOf(MESSAGES).length, 0);
  session.close();
});

Deno.test("ChatSession: takes a new title, and nothing that is older than what it knows", () => {
  const { session, begin } = openSession({ thread: { ...THREAD, version: 3 } });
  begin();
  tellNews({
    kind: "changed",
    thread: { ...THREAD, title: "Old", version: 2 },
  });
  assert.equal(session.thread.value?.title, "New thread");
  tellNews({
    kind: "changed",
    thread: { ...THREAD, title: "New", version: 4 },
  });
  assert.equal(session.thread.value?.title, "New");
  session.close();
});

Deno.test("ChatSession: says that its thread was deleted elsewhere until it is back, and keeps what it shows", () => {
  const { session, begin } = openSession({
    thread: THREAD,
    messages: [message("msg_1", "user"), message("msg_2", "assistant")],
  });
  begin();
  const notices = ["thr_other", "thr_1"].map((threadId) => {
    tellNews({ kind: "deleted", threadId });
    return session.notice.value?.code;
  });
  assert.deepEqual(notices, [undefined, "thread_deleted"]);
  tellNews({ kind: "changed", thread: THREAD });
  assert.equal(session.notice.value, null);
  assert.equal(session.turns.value.length, 1);
  session.close();
});

Deno.test("ChatSession: what ended is read once someone looks at it, and told once", async () => {
  const { session, server, begin, page } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  server.on(READ, () => new Response(null, { status: 204 }));
  server.on("GET /api/runs/run_1/events", () => stream.response);
  begin();
  write(session, "One");
  stream.send([START, chunk("Hi")], 0);
  await until(() => session.turns.value[0].answer?.text === "Hi");
  stream.send([done()], 2);
  page.set(false);
  await until(() => session.turns.value[0].answer?.status === "complete");
  await until(() => server.callsOf(READ).length === 1);
  page.set(true);
  page.set(false);
  assert.equal(server.callsOf(READ).length, 1);
  session.close();
});

Deno.test("ChatSession: an unread thread that is opened hidden is read when it shows", async () => {
  const { server, begin, page, session } = openSession({
    thread: { ...THREAD, unread: true },
  });
  server.on(READ, () => new Response(null, { status: 204 }));
  page.set(true);
  begin();
  assert.equal(server.callsOf(READ).length, 0);
  page.set(false);
  await until(() => server.callsOf(READ).length === 1);
  session.close();
});

Deno.test("ChatSession: follows after the newest message on view, whatever another page has chosen", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: [message("msg_1", "user"), message("msg_2", "assistant")],
  });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  begin();
  write(session, "Next");
  await until(() => server.callsOf(RUNS).length === 1);
  assert.equal(server.callsOf(RUNS)[0].body.parentId, "msg_2");
  session.close();
});

Deno.test("ChatSession: takes the draft of another page only while nobody writes here", () => {
  const { session, begin, writeElsewhere } = openSession({ thread: THREAD });
  begin();
  writeElsewhere("freshet.draft.thr_1", "from there");
  assert.equal(session.box.draft.value, "from there");
  writeElsewhere("freshet.draft.thr_2", "another thread");
  assert.equal(session.box.draft.value, "from there");
  session.box.isHeld = () => true;
  writeElsewhere("freshet.draft.thr_1", "taken over");
  assert.equal(session.box.draft.value, "from there");
  session.close();
});

Deno.test("ChatSession: a draft written here outlives what another page writes and sends, also over a reload", () => {
  const storage = new MemoryStorage();
  const own = new MemoryStorage();
  const first = openSession({ thread: THREAD }, storage, own);
  first.begin();
  first.session.box.write("a long thought");
  first.writeElsewhere("freshet.draft.thr_1", "something short");
  assert.equal(first.session.box.draft.value, "a long thought");
  first.writeElsewhere("freshet.draft.thr_1", null);
  assert.equal(first.session.box.draft.value, "a long thought");
  first.session.close();
  const reloaded = openSession({ thread: THREAD }, storage, own);
  reloaded.begin();
  assert.equal(reloaded.session.box.draft.value, "a long thought");
  reloaded.session.close();
});

Deno.test("ChatSession: sending a draft leaves the other page's draft of the thread alone", () => {
  const { session, begin, writeElsewhere, storage, own } = openSession({
    thread: THREAD,
  });
  begin();
  session.box.write("mine");
  writeElsewhere("freshet.draft.thr_1", "theirs");
  assert.equal(session.box.take(), "mine");
  assert.equal(storage.getItem("freshet.draft.thr_1"), "theirs");
  assert.equal(own.entries.size, 0);
  session.close();
});

Deno.test("ChatSession: a draft that another page has sent as it is here is not kept to be sent twice", () => {
  const { session, begin, writeElsewhere, own } = openSession({
    thread: THREAD,
  });
  begin();
  session.box.write("one question");
  writeElsewhere("freshet.draft.thr_1", null);
  assert.equal(session.box.draft.value, "");
  assert.equal(own.entries.size, 0);
  session.close();
});

Deno.test("ChatSession: a temporary thread leaves nothing in the storage, and no row", async () => {
  const { session, server, begin, storage, rows } = openSession();
  const stream = runStream();
  const thread = { ...THREAD, temporary: true };
  server.on("POST /api/threads", () => Response.json(thread, { status: 201 }));
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(thread));
  begin();
  session.box.write("A sec");
  session.setTemporary(true);
  session.box.write("A secre");
  assert.equal(storage.entries.size, 0);
  write(session, "A secret");
  stream.send([START, chunk("Hush")], 0);
  await until(() => session.turns.value[0].answer?.text === "Hush");
  session.box.write("half a thought");
  assert.deepEqual(server.callsOf("POST /api/threads")[0].body, {
    model: "m",
    temporary: true,
  });
  assert.equal(storage.entries.size, 0);
  assert.deepEqual(rows.value, []);
  session.close();
});
