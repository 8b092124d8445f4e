/** What a session can do with the branches of its thread. Loaded when someone does it. */
import { RequestRefused } from "./requests.ts";
import type { ChatSession } from "./session.ts";
import { changeThread } from "./thread_changes.ts";
import { type Refusal, toTurns, TURNS_AT_ONCE, withLast } from "./turns.ts";

const BUSY: Refusal = {
  message:
    "An answer is being written in this thread. Send the edit when it has ended.",
  code: "thread_busy",
  requestId: null,
  status: null,
};

/** Does something that the server may refuse, which the page then says. */
async function orNotice(
  session: ChatSession,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    session.notice.value = error.refusal;
  }
}

/**
 * Asks a question in other words, as a sibling of the one there is. Nothing changes on the page until the
 * server has it.
 * @param id of the new question; the same again after a failure, so that it is asked once
 * @returns why it was not asked, or null
 */
export async function editQuestion(
  session: ChatSession,
  questionId: string,
  id: string,
  content: string,
): Promise<Refusal | null> {
  const turn = session.turnOf(questionId);
  const thread = session.thread.peek();
  if (turn === undefined || thread === null) return null;
  if (session.store.isAnswering) return BUSY;
  const { parentId, siblings } = turn.question;
  let refused: Refusal | null = null;
  const settled = Promise.withResolvers<void>();
  void session.begin(async () => {
    const response = await session.requests.ask(
      thread.id,
      { id, content },
      session.model.peek(),
      parentId,
    );
    session.cutTo(turn, {
      question: {
        ...session.newQuestion(id, content),
        parentId,
        siblings: [...siblings, id],
      },
      answer: session.newAnswer(),
    });
    session.asked.value += 1;
    settled.resolve();
    return response;
  }, async ({ refusal, activeRunId }) => {
    refused = activeRunId === null ? refusal : BUSY;
    settled.resolve();
    if (activeRunId !== null) await session.joinRun();
  });
  await settled.promise;
  return refused;
}

/** Has the last answer, which ended early, go on from where it is. */
export async function continueAnswer(session: ChatSession): Promise<void> {
  const turn = session.store.last;
  const runId = turn?.answer?.runId;
  if (!turn?.answer || !runId || session.store.isAnswering) return;
  const before = session.store.turns;
  const { text, siblings } = turn.answer;
  const waiting = { ...session.newAnswer(siblings), held: text };
  session.cutTo(turn, { answer: waiting });
  let run: { id: string };
  session.begins += 1;
  try {
    const begun = await session.requests.continueRun(runId);
    run = begun.run;
    const answer = {
      ...waiting,
      runId: run.id,
      messageId: begun.message.id,
      siblings: begun.message.siblings,
    };
    session.store.change((turns) =>
      withLast(turns, (last) => ({ ...last, answer }))
    );
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    session.store.change(() => before);
    await session.refused(error, null);
    return;
  } finally {
    session.begins -= 1;
  }
  await session.follow(run.id);
}

/** Shows the branch of another version of a question or an answer, here and from now on. */
export async function showVersion(
  session: ChatSession,
  messageId: string,
): Promise<void> {
  const thread = session.thread.peek();
  if (thread === null || session.store.isAnswering) return;
  await orNotice(session, async () => {
    const { id, version } = thread;
    await changeThread(session.requests, { id, version }, {
      headMessageId: messageId,
    });
    if (session.store.isAnswering) return;
    await session.reload();
    session.followLast();
  });
}

/** Brings turns into view that come before the first. */
export async function showEarlier(session: ChatSession): Promise<void> {
  const cursor = session.store.turns[0]?.question.id;
  const thread = session.thread.peek();
  if (thread === null || cursor === undefined) return;
  await orNotice(session, async () => {
    const { items } = await session.requests.messages(thread.id, {
      cursor,
      limit: 2 * TURNS_AT_ONCE,
    });
    session.store.addBefore(toTurns(items, null));
  });
}
