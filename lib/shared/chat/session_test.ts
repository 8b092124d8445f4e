import assert from "node:assert/strict";
import { Drafts } from "./drafts.ts";
import {
  chunk,
  done,
  FakeStream,
  problem,
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

Deno.test("ChatSession: makes the thread, asks, and shows the answer as it comes", async () => {
  const { session, server, rows, addresses, begin, storage } = openSession();
  const stream = runStream();
  server.on("POST /api/threads", () => Response.json(THREAD, { status: 201 }));
  server.on(RUNS, answering(stream));
  server.on(
    "GET /api/threads/thr_1",
    () => Response.json({ ...THREAD, title: "Crests" }),
  );
  begin();
  write(session, "How high?");
  assert.equal(session.turns.value[0].question.content, "How high?");
  assert.equal(session.box.draft.value, "");
  stream.send([START, chunk("Two "), chunk("metres")], 0);
  await until(() => session.turns.value[0].answer?.text === "Two metres");
  await until(() => session.thread.value?.title === "Crests");
  assert.deepEqual(addresses, ["thr_1"]);
  assert.deepEqual(
    rows.value.map(({ title, isRunning }) => ({ title, isRunning })),
    [{ title: "Crests", isRunning: true }],
  );
  stream.send([done()], 3);
  await until(() => session.turns.value[0].answer?.status === "complete");
  await until(() => !rows.value[0].isRunning);
  const [asked] = server.callsOf(RUNS);
  assert.equal(asked.headers.get("accept"), "text/event-stream");
  assert.match(asked.body.message.id, /^msg_[0-9A-Za-z]{22}$/);
  assert.equal(asked.body.model, "m");
  assert.equal(storage.entries.size, 0);
});

Deno.test("ChatSession: keeps a refused question, says why, and sends the same one again", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, () => problem(404, "model_not_found"), answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "Hello?");
  await until(() => session.turns.value[0].refusal !== null);
  assert.deepEqual(session.turns.value[0].refusal, {
    message: "It is model_not_found.",
    code: "model_not_found",
    requestId: "req_1",
    status: 404,
    retryAfter: undefined,
  });
  session.retry(session.turns.value[0].question.id);
  stream.send([START, chunk("Hi"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  assert.equal(session.turns.value.length, 1);
  const [first, second] = server.callsOf(RUNS);
  assert.equal(second.body.message.id, first.body.message.id);
});

Deno.test("ChatSession: a question that met a limit counts down and is sent by itself", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(
    RUNS,
    () => problem(429, "rate_limit_exceeded", { retryAfter: 2 }),
    answering(stream),
  );
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "Hello?");
  const said = () => session.turns.value[0].refusal?.message ?? "";
  await until(() => said().endsWith("It is sent by itself in 2 seconds."));
  await until(() => said().endsWith("It is sent by itself in 1 second."));
  assert.equal(server.callsOf(RUNS).length, 1);
  await until(() => server.callsOf(RUNS).length === 2);
  stream.send([START, chunk("Hi"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  const [first, second] = server.callsOf(RUNS);
  assert.equal(second.body.message.id, first.body.message.id);
  assert.equal(session.turns.value[0].refusal, null);
});

Deno.test("ChatSession: who sends by hand before the countdown ends has it sent once", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(
    RUNS,
    () => problem(429, "rate_limit_exceeded", { retryAfter: 1 }),
    answering(stream),
  );
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "Hello?");
  await until(() =>
    session.turns.value[0].refusal?.message.includes("by itself") ?? false
  );
  session.retry(session.turns.value[0].question.id);
  stream.send([START, chunk("Hi"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  const overAtMs = performance.now() + 1_100;
  await until(() => performance.now() > overAtMs);
  assert.equal(server.callsOf(RUNS).length, 2);
});

Deno.test("ChatSession: a question that never reached the server is there again after a reload", async () => {
  const storage = new MemoryStorage();
  const before = openSession({ thread: THREAD }, storage);
  before.begin();
  write(before.session, "Lost?");
  await until(() => before.session.turns.value[0].refusal?.code === "network");
  const after = openSession({ thread: THREAD }, storage);
  after.begin();
  assert.equal(after.session.turns.value[0].question.content, "Lost?");
  assert.equal(after.session.turns.value[0].refusal?.code, "not_sent");
});

Deno.test("ChatSession: a question that did reach the server is not shown twice after a reload", async () => {
  const storage = new MemoryStorage();
  const before = openSession({ thread: THREAD }, storage);
  before.begin();
  write(before.session, "Lost?");
  await until(() => before.session.turns.value[0].refusal !== null);
  const { id } = before.session.turns.value[0].question;
  const after = openSession(
    { thread: THREAD, messages: [message(id, "user")] },
    storage,
  );
  after.begin();
  assert.equal(after.session.turns.value.length, 1);
  assert.equal(storage.entries.size, 0);
});

Deno.test("ChatSession: what is written while an answer streams is sent when it ends", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const [first, second] = [runStream(), runStream("run_2")];
  server.on(RUNS, answering(first), answering(second));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "One");
  first.send([START], 0);
  await until(() => session.turns.value[0].answer?.runId === "run_1");
  write(session, "Two");
  assert.equal(session.box.isQueued.value, true);
  assert.equal(session.box.draft.value, "Two");
  assert.equal(server.callsOf(RUNS).length, 1);
  first.send([done()], 1);
  await until(() => server.callsOf(RUNS).length === 2);
  assert.equal(server.callsOf(RUNS)[1].body.message.content, "Two");
  assert.equal(session.box.draft.value, "");
  second.send([START, done()], 0);
  await until(() => session.turns.value[1].answer?.status === "complete");
});

Deno.test("ChatSession: a change to a waiting question takes it back", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "One");
  write(session, "Two");
  session.box.write("Two and a half");
  stream.send([START, done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  assert.equal(session.box.isQueued.value, false);
  assert.equal(session.box.draft.value, "Two and a half");
  assert.equal(server.callsOf(RUNS).length, 1);
});

Deno.test("ChatSession: stop reaches the run also when it is pressed before the run has begun", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  const accepted = Promise.withResolvers<Response>();
  server.on(RUNS, () => accepted.promise);
  server.on("POST /api/runs/run_1/cancel", () => Response.json({}));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "One");
  await session.stop();
  accepted.resolve(stream.response);
  stream.send([START], 0);
  await until(() => server.callsOf("POST /api/runs/run_1/cancel").length === 1);
  stream.send([done("cancelled")], 1);
  await until(() => session.turns.value[0].answer?.status === "stopped");
  assert.equal(session.isStopping.value, false);
});

Deno.test("ChatSession: says when stopping does not work", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("POST /api/runs/run_1/cancel", () => problem(503, "run_not_here"));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "One");
  stream.send([START], 0);
  await until(() => session.turns.value[0].answer?.messageId === "msg_answer");
  await session.stop();
  assert.equal(session.notice.value?.code, "run_not_here");
  assert.equal(session.isStopping.value, false);
  session.close();
});

Deno.test("ChatSession: follows the answer that was running when the page was made", async () => {
  const { session, server, begin } = openSession({
    thread: { ...THREAD, activeRunId: "run_1" },
    messages: [
      message("msg_1", "user"),
      message("msg_answer", "assistant", {
        status: "streaming",
        content: "Hel",
      }),
    ],
    lastEventId: "1.1",
  });
  const stream = new FakeStream();
  server.on("GET /api/runs/run_1/events", () => stream.response);
  begin();
  stream.send([chunk("lo"), done()], 2);
  await until(() => session.turns.value[0].answer?.status === "complete");
  assert.equal(session.turns.value[0].answer?.text, "Hello");
  assert.equal(server.calls[0].headers.get("last-event-id"), "1.1");
});

Deno.test("ChatSession: joins the answer of another page, and keeps the question for after it", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const [theirs, ours] = [new FakeStream(), runStream("run_2")];
  server.on(
    RUNS,
    () => problem(409, "thread_busy", { activeRunId: "run_1" }),
    answering(ours),
  );
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  server.on("GET /api/threads/thr_1/messages", () =>
    Response.json({
      items: [
        message("msg_1", "user"),
        message("msg_answer", "assistant", {
          status: "streaming",
          content: "Hel",
        }),
      ],
      nextCursor: null,
    }));
  server.on("GET /api/runs/run_1/events", () => theirs.response);
  begin();
  write(session, "Mine");
  await until(() => session.box.draft.value === "Mine");
  assert.equal(session.box.isQueued.value, true);
  theirs.send([START, chunk("Hello"), done()], 0);
  await until(() => session.turns.value.length === 2);
  assert.equal(session.turns.value[0].answer?.text, "Hello");
  assert.equal(session.turns.value[1].question.content, "Mine");
  ours.send([START, done()], 0);
  await until(() => session.turns.value[1].answer?.status === "complete");
});

Deno.test("ChatSession: has a failed answer written again in its place", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: [
      message("msg_1", "user"),
      message("msg_failed", "assistant", {
        status: "failed",
        error: {
          code: "provider_unavailable",
          message: "Down.",
          retryable: true,
        },
      }),
    ],
  });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  session.retry("msg_1");
  stream.send([START, chunk("Better"), done()], 0);
  await until(() => session.turns.value[0].answer?.status === "complete");
  assert.equal(session.turns.value.length, 1);
  assert.equal(session.turns.value[0].answer?.text, "Better");
  assert.deepEqual(server.callsOf(RUNS)[0].body, {
    regenerate: "msg_failed",
    model: "m",
  });
});

Deno.test("ChatSession: a failed answer holds back the question that waited", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  write(session, "One");
  write(session, "Two");
  stream.send([START, {
    event: "error",
    data: { code: "x", message: "No.", retryable: true },
  }], 0);
  await until(() => session.turns.value[0].answer?.status === "failed");
  await until(() => !session.box.isQueued.value);
  assert.equal(session.box.draft.value, "Two");
});

Deno.test("ChatSession: sends nothing that holds no text", () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  begin();
  write(session, " \n\t ");
  assert.equal(server.calls.length, 0);
  assert.equal(session.turns.value.length, 0);
});

Deno.test("ChatSession: brings back the draft of its thread, and of no other", () => {
  const storage = new MemoryStorage();
  const one = openSession({ thread: THREAD }, storage);
  one.begin();
  one.session.box.write("half a thou");
  const same = openSession({ thread: THREAD }, storage);
  same.begin();
  const other = openSession({ thread: { ...THREAD, id: "thr_2" } }, storage);
  other.begin();
  assert.equal(same.session.box.draft.value, "half a thou");
  assert.equal(other.session.box.draft.value, "");
});

Deno.test("ChatSession: keeps what was typed before the page came to life", () => {
  const storage = new MemoryStorage();
  new Drafts(storage).keepText("thr_1", "from yesterday");
  const { session, begin } = openSession({ thread: THREAD }, storage);
  session.box.write("typed early");
  begin();
  assert.equal(session.box.draft.value, "typed early");
  assert.equal(new Drafts(storage).text("thr_1"), "typed early");
});

Deno.test("ChatSession: what is typed while the thread is being made moves to it", async () => {
  const { session, server, begin, storage } = openSession();
  const made = Promise.withResolvers<Response>();
  server.on("POST /api/threads", () => made.promise);
  server.on(RUNS, () => problem(404, "model_not_found"));
  begin();
  write(session, "One");
  session.box.write("next");
  made.resolve(Response.json(THREAD, { status: 201 }));
  await until(() => session.turns.value[0].refusal !== null);
  const drafts = new Drafts(storage);
  assert.equal(drafts.text(null), "");
  assert.equal(drafts.text("thr_1"), "next");
  assert.equal(drafts.unsent("thr_1")?.content, "One");
  assert.equal(drafts.unsent(null), null);
});

Deno.test("Drafts: a browser that refuses to store breaks nothing", () => {
  const refuse = () => {
    throw new DOMException("no", "SecurityError");
  };
  const drafts = new Drafts({
    getItem: refuse,
    setItem: refuse,
    removeItem: refuse,
  });
  drafts.keepText("thr_1", "x");
  assert.equal(drafts.text("thr_1"), "");
  assert.equal(drafts.unsent("thr_1"), null);
});
