import assert from "node:assert/strict";
import type { Message } from "@/lib/shared/wire.ts";
import {
  continueAnswer,
  editQuestion,
  showEarlier,
  showVersion,
} from "./branching.ts";
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
  message,
  openSession,
  RUNS,
  runStream,
  THREAD,
  write,
} from "./testing/open_session.ts";

const MESSAGES = "GET /api/threads/thr_1/messages";
const PATCH = "PATCH /api/threads/thr_1";

const page = (items: Message[], nextCursor: string | null = null) => () =>
  Response.json({ items, nextCursor });

/** Two turns, each message the child of the one before. */
const TWO_TURNS = [
  message("msg_q1", "user"),
  message("msg_a1", "assistant", { parentId: "msg_q1", runId: "run_a" }),
  message("msg_q2", "user", { parentId: "msg_a1" }),
  message("msg_a2", "assistant", { parentId: "msg_q2", runId: "run_b" }),
];

const questions = (session: ReturnType<typeof openSession>["session"]) =>
  session.turns.value.map(({ question }) => question.id);

Deno.test("editQuestion: asks under the parent of the old one, which what followed it stays with", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS,
  });
  const stream = runStream("run_c");
  server.on(RUNS, answering(stream));
  begin();
  const refusal = await editQuestion(session, "msg_q2", "msg_new", "Better?");
  assert.equal(refusal, null);
  stream.send([START, chunk("Yes"), done()], 0);
  await until(() => session.turns.value[1].answer?.status === "complete");
  const { body } = server.callsOf(RUNS)[0];
  assert.equal(body.parentId, "msg_a1");
  assert.deepEqual(body.message, { id: "msg_new", content: "Better?" });
  assert.deepEqual(questions(session), ["msg_q1", "msg_new"]);
  assert.deepEqual(session.turns.value[1].question.siblings, [
    "msg_q2",
    "msg_new",
  ]);
});

Deno.test("editQuestion: the first question of a thread has no parent, and says so", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS,
  });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  server.on("GET /api/threads/thr_1", () => Response.json(THREAD));
  begin();
  await editQuestion(session, "msg_q1", "msg_new", "Other?");
  assert.equal(server.callsOf(RUNS)[0].body.parentId, null);
  assert.deepEqual(questions(session), ["msg_new"]);
  session.close();
});

Deno.test("editQuestion: a refusal leaves the turns as they were", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS,
  });
  server.on(RUNS, () => problem(404, "model_not_found"));
  begin();
  const before = session.turns.value;
  const refusal = await editQuestion(session, "msg_q2", "msg_new", "Better?");
  assert.equal(refusal?.code, "model_not_found");
  assert.equal(session.turns.value, before);
});

Deno.test("editQuestion: a thread that is answering elsewhere is busy, and its answer is shown", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS.slice(0, 2),
  });
  const theirs = new FakeStream();
  server.on(
    RUNS,
    () => problem(409, "thread_busy", { activeRunId: "run_b" }),
  );
  server.on(
    MESSAGES,
    page([
      ...TWO_TURNS.slice(0, 3),
      { ...TWO_TURNS[3], status: "streaming", content: "" },
    ]),
  );
  server.on("GET /api/runs/run_b/events", () => theirs.response);
  begin();
  const refusal = await editQuestion(session, "msg_q1", "msg_new", "Other?");
  assert.equal(refusal?.code, "thread_busy");
  await until(() => session.turns.value.length === 2);
  theirs.send([START, chunk("Theirs"), done()], 0);
  await until(() => session.turns.value[1].answer?.status === "complete");
  assert.equal(session.turns.value[1].answer?.text, "Theirs");
});

Deno.test("editQuestion: while an answer is written here nothing is asked", async () => {
  const { session, server, begin } = openSession({ thread: THREAD });
  const stream = runStream();
  server.on(RUNS, answering(stream));
  begin();
  write(session, "One");
  const { id } = session.turns.value[0].question;
  const refusal = await editQuestion(session, id, "msg_new", "Two");
  assert.equal(refusal?.code, "thread_busy");
  assert.equal(server.callsOf(RUNS).length, 1);
  session.close();
});

Deno.test("continueAnswer: a stopped answer goes on as another version that begins with its text", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: [
      TWO_TURNS[0],
      message("msg_a1", "assistant", {
        status: "stopped",
        content: "Two me",
        runId: "run_a",
      }),
    ],
  });
  const stream = new FakeStream();
  server.on("POST /api/runs/run_a/continue", () =>
    Response.json({
      run: { id: "run_c" },
      message: message("msg_a2", "assistant", {
        siblings: ["msg_a1", "msg_a2"],
      }),
    }, { status: 201 }));
  server.on("GET /api/runs/run_c/events", () => stream.response);
  begin();
  const continued = continueAnswer(session);
  await until(() => session.turns.value[0].answer?.runId === "run_c");
  assert.equal(session.turns.value[0].answer?.held, "Two me");
  stream.send([chunk("Two me"), chunk("tres"), done()], 1);
  await continued;
  const answer = session.turns.value[0].answer!;
  assert.equal(answer.text, "Two metres");
  assert.equal(answer.messageId, "msg_a2");
  assert.deepEqual(answer.siblings, ["msg_a1", "msg_a2"]);
});

Deno.test("continueAnswer: a refusal keeps the text and says why", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: [
      TWO_TURNS[0],
      message("msg_a1", "assistant", { status: "stopped", runId: "run_a" }),
    ],
  });
  server.on(
    "POST /api/runs/run_a/continue",
    () => problem(503, "overloaded"),
  );
  begin();
  await continueAnswer(session);
  const [turn] = session.turns.value;
  assert.equal(turn.answer?.text, "text of msg_a1");
  assert.equal(turn.answer?.status, "stopped");
  assert.equal(turn.refusal?.code, "overloaded");
});

Deno.test("showVersion: makes the version the head and shows its branch", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS,
  });
  server.on(PATCH, () => Response.json(THREAD));
  server.on(
    MESSAGES,
    page([
      ...TWO_TURNS.slice(0, 2),
      message("msg_q3", "user", { parentId: "msg_a1" }),
      message("msg_a3", "assistant", { parentId: "msg_q3" }),
    ]),
  );
  begin();
  await showVersion(session, "msg_q3");
  assert.deepEqual(questions(session), ["msg_q1", "msg_q3"]);
  const [call] = server.callsOf(PATCH);
  assert.deepEqual(call.body, { headMessageId: "msg_q3" });
  assert.equal(call.headers.get("if-match"), '"1"');
});

Deno.test("showVersion: a long branch is read back to where it meets what is here", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS,
    earlierTurns: 7,
  });
  server.on(PATCH, () => Response.json(THREAD));
  server.on(
    MESSAGES,
    page([
      message("msg_q4", "user", { parentId: "msg_a3" }),
      message("msg_a4", "assistant", { parentId: "msg_q4" }),
    ], "msg_q4"),
  );
  server.on(
    `${MESSAGES}?limit=200&cursor=msg_q4`,
    page([
      ...TWO_TURNS.slice(0, 2),
      message("msg_q3", "user", { parentId: "msg_a1" }),
      message("msg_a3", "assistant", { parentId: "msg_q3" }),
    ], "msg_q1"),
  );
  begin();
  await showVersion(session, "msg_q3");
  assert.deepEqual(questions(session), ["msg_q1", "msg_q3", "msg_q4"]);
  assert.equal(session.earlier.value, 7);
});

Deno.test("showEarlier: adds the turns before the first, and counts down", async () => {
  const { session, server, begin } = openSession({
    thread: THREAD,
    messages: TWO_TURNS.slice(2),
    earlierTurns: 1,
  });
  server.on(
    `${MESSAGES}?limit=100&cursor=msg_q2`,
    page(TWO_TURNS.slice(0, 2)),
  );
  begin();
  await showEarlier(session);
  assert.deepEqual(questions(session), ["msg_q1", "msg_q2"]);
  assert.equal(session.earlier.value, 0);
});
