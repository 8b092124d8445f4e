import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message, RunEvent } from "@/lib/shared/wire.ts";
import {
  type Answer,
  answerFromMessage,
  formatPlace,
  parsePlace,
  type PlacedRunEvent,
  shownText,
  waitingAnswer,
} from "./answer.ts";
import { withEvent } from "./answer_events.ts";

const START: RunEvent = {
  event: "start",
  data: {
    runId: "run_1",
    threadId: "thr_1",
    messageId: "msg_2",
    model: "m",
    cache: null,
  },
};
const DONE: RunEvent = {
  event: "done",
  data: {
    status: "completed",
    finishReason: "stop",
    usage: null,
    costMicroUsd: null,
  },
};
const chunk = (content: string): RunEvent => ({
  event: "chunk",
  data: { content },
});

/** Events of one epoch, numbered from the first. */
function placed(events: RunEvent[], epoch = 1): PlacedRunEvent[] {
  return events.map((event, seq) => ({ place: { epoch, seq }, event }));
}

function fold(
  events: PlacedRunEvent[],
  from: Answer = waitingAnswer("m", 0),
): Answer {
  return events.reduce(
    (answer, event, index) => withEvent(answer, event, 1000 + index),
    from,
  );
}

const RUN = placed([START, chunk("Hel"), chunk("lo"), chunk(" world"), DONE]);

Deno.test("withEvent: collects the text, the ids and the times of a run", () => {
  const answer = fold(RUN);
  assert.equal(answer.text, "Hello world");
  assert.equal(answer.status, "complete");
  assert.equal(answer.messageId, "msg_2");
  assert.equal(answer.runId, "run_1");
  assert.equal(answer.firstTokenAtMs, 1001);
  assert.equal(answer.endedAtMs, 1004);
});

Deno.test("withEvent: a replay from any place, overlapping as it likes, adds nothing twice", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 6 }),
      (cuts) => {
        // Each connection begins at or before the place reached, as a server may that plays safe.
        let reached = 0;
        const seen: PlacedRunEvent[] = [];
        for (const [back, length] of cuts) {
          const from = Math.max(0, reached - back);
          const to = Math.min(RUN.length, from + length);
          seen.push(...RUN.slice(from, to));
          reached = Math.max(reached, to);
        }
        seen.push(...RUN.slice(reached));
        assert.equal(fold(seen).text, "Hello world");
        assert.equal(fold(seen).status, "complete");
      },
    ),
  );
});

Deno.test("withEvent: reset of a later epoch drops the text so far and goes on in that epoch", () => {
  const again = placed([
    { event: "reset", data: { epoch: 2, reason: "again" } },
    chunk("New"),
    DONE,
  ], 2);
  const answer = fold([...RUN.slice(0, 3), ...again]);
  assert.equal(answer.text, "New");
  assert.deepEqual(answer.place, { epoch: 2, seq: 2 });
});

Deno.test("withEvent: reset of the same epoch drops the text, since all of it comes again", () => {
  const reset: PlacedRunEvent = {
    place: { epoch: 1, seq: 0 },
    event: { event: "reset", data: { epoch: 1, reason: "unknown place" } },
  };
  assert.equal(
    fold([...RUN.slice(0, 4), reset, ...RUN.slice(1)]).text,
    "Hello world",
  );
});

Deno.test("withEvent: an earlier epoch says nothing any more", () => {
  const later = placed([
    { event: "reset", data: { epoch: 2, reason: "again" } },
    chunk("New"),
  ], 2);
  const answer = fold([...RUN.slice(0, 2), ...later, ...RUN.slice(2)]);
  assert.equal(answer.text, "New");
  assert.equal(answer.status, "streaming");
});

Deno.test("withEvent: nothing counts after the end", () => {
  const ended = fold(RUN);
  assert.equal(
    withEvent(ended, { place: { epoch: 1, seq: 9 }, event: chunk("x") }, 0),
    ended,
  );
});

Deno.test("withEvent: an error keeps the text and says why", () => {
  const error = {
    code: "provider_unavailable",
    message: "The provider closed the connection.",
    retryable: true,
  };
  const answer = fold(
    placed([START, chunk("Half"), { event: "error", data: error }]),
  );
  assert.equal(answer.text, "Half");
  assert.equal(answer.status, "failed");
  assert.deepEqual(answer.error, error);
});

Deno.test("withEvent: a stop by someone shows as stopped", () => {
  const done: RunEvent = {
    ...DONE,
    data: { ...DONE.data, status: "cancelled" },
  } as RunEvent;
  assert.equal(fold(placed([START, chunk("Half"), done])).status, "stopped");
});

const STREAMING: Message = {
  id: "msg_2",
  threadId: "thr_1",
  parentId: "msg_1",
  role: "assistant",
  content: "Hello",
  status: "streaming",
  runId: "run_1",
  model: "m",
  usage: null,
  error: null,
  siblings: ["msg_2"],
  createdAt: "2026-11-21T12:00:00Z",
};

Deno.test("answerFromMessage: goes on where the page's text ended", () => {
  assert.equal(
    fold(RUN, answerFromMessage(STREAMING, "1.2")).text,
    "Hello world",
  );
});

Deno.test("answerFromMessage: without a place it takes the text from the replay alone", () => {
  assert.equal(
    fold(RUN, answerFromMessage(STREAMING, null)).text,
    "Hello world",
  );
});

Deno.test("parsePlace: reads what formatPlace writes, and nothing else", () => {
  assert.deepEqual(parsePlace(formatPlace({ epoch: 2, seq: 17 })), {
    epoch: 2,
    seq: 17,
  });
  for (const id of ["", "1", "1.", "a.b", "1.2.3", "-1.2", null, undefined]) {
    assert.equal(parsePlace(id), null);
  }
});

Deno.test("shownText: a new attempt replaces the old text with its first word that differs", () => {
  const half = fold(RUN.slice(0, 3));
  const reset: RunEvent = {
    event: "reset",
    data: { epoch: 2, reason: "restart" },
  };
  const shown = placed([reset, chunk("Hel"), chunk("p")], 2).reduce(
    ({ answer, texts }, event) => {
      const next = withEvent(answer, event, 2000);
      return { answer: next, texts: [...texts, shownText(next)] };
    },
    { answer: half, texts: [shownText(half)] },
  );
  assert.deepEqual(shown.texts, ["Hello", "Hello", "Hello", "Help"]);
});

Deno.test("shownText: a replay of the same text never shows less than there was", () => {
  const half = fold(RUN.slice(0, 3));
  const again = placed([
    { event: "reset", data: { epoch: 2, reason: "restart" } },
    chunk("H"),
    chunk("ello"),
    chunk(" there"),
  ], 2);
  let answer = half;
  for (const event of again) {
    answer = withEvent(answer, event, 2000);
    assert.ok(shownText(answer).startsWith("Hello"), shownText(answer));
  }
  assert.equal(shownText(answer), "Hello there");
});

Deno.test("shownText: at the end only what the new attempt said counts", () => {
  const ended = fold(
    placed([{ event: "reset", data: { epoch: 2, reason: "x" } }, DONE], 2),
    fold(RUN.slice(0, 3)),
  );
  assert.equal(shownText(ended), "");
});

Deno.test("withEvent: a new answer joins the versions that were there", () => {
  const again = withEvent(
    waitingAnswer("m", 0, ["msg_1"]),
    placed([START])[0],
    1,
  );
  assert.deepEqual(again.siblings, ["msg_1", "msg_2"]);
});
