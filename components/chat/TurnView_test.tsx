import assert from "node:assert/strict";
import { signal } from "@preact/signals";
import { renderToString } from "preact-render-to-string";
import { type Answer, waitingAnswer } from "@/lib/shared/chat/answer.ts";
import type { Turn } from "@/lib/shared/chat/turns.ts";
import { TurnView } from "./TurnView.tsx";
import type { TurnActions } from "./turn_actions.ts";

const answer = (more: Partial<Answer>): Answer => ({
  ...waitingAnswer("m", 0),
  askedAtMs: null,
  messageId: "msg_2",
  runId: "run_1",
  text: "It is **high**.",
  status: "complete",
  ...more,
});

const ACTIONS: TurnActions = {
  isLocked: signal(false),
  retry: () => {},
  goOn: () => {},
  show: () => {},
  edit: () => {},
  makeTask: () => {},
  ask: () => Promise.resolve(null),
};

function render(turn: Partial<Turn>, isLast = true): string {
  return renderToString(
    <TurnView
      turn={{
        question: {
          id: "msg_1",
          content: "How <b>high</b> & when?\n\nTell me.",
          createdAt: "2026-11-21T12:00:00Z",
          parentId: null,
          siblings: ["msg_1"],
        },
        answer: null,
        refusal: null,
        ...turn,
      }}
      number={3}
      isLast={isLast}
      clock={{ nowMs: Date.parse("2026-11-21T13:00:00Z"), timeZone: "UTC" }}
      labels={{ m: "Model M" }}
      isEditing={false}
      actions={ACTIONS}
    />,
  );
}

const FAILED = answer({
  status: "failed",
  error: {
    code: "provider_unavailable",
    message: "The provider closed the connection. Try again.",
    retryable: true,
  },
});

const isButton = (html: string, name: string) =>
  new RegExp(`<button[^>]*>(?:(?!</button>).)*${name}</button>`, "s").test(
    html,
  );

Deno.test("TurnView: holds the whole turn in its first HTML", () => {
  const html = render({ answer: answer({}) });
  assert.match(html, /How &lt;b>high&lt;\/b> &amp; when\?/);
  assert.match(html, /It is <strong\s*>high<\/strong>/);
  assert.match(html, /Today, 12:00/);
  assert.match(html, /Model M/);
  assert.match(html, /id="t3"/);
  assert.doesNotMatch(html, /\sstyle=/);
});

Deno.test("TurnView: says why an answer failed, what is kept, and offers to retry", () => {
  const html = render({ answer: FAILED });
  assert.match(html, /<strong>The provider closed the connection\.<\/strong>/);
  assert.match(html, /What had arrived is kept above\./);
  assert.match(html, /provider_unavailable, run_1/);
  assert.ok(isButton(html, "Retry"));
});

Deno.test("TurnView: offers to go on with the last answer only, and only where there is text", () => {
  for (const status of ["stopped", "interrupted", "failed"] as const) {
    const ended = answer({ ...FAILED, status });
    assert.ok(isButton(render({ answer: ended }), "Continue"), status);
    assert.ok(!isButton(render({ answer: ended }, false), "Continue"));
    const empty = answer({ ...ended, text: "" });
    assert.ok(!isButton(render({ answer: empty }), "Continue"));
  }
  assert.ok(!isButton(render({ answer: answer({}) }), "Continue"));
});

Deno.test("TurnView: says which version of a question and of an answer this is", () => {
  const html = render({
    question: {
      id: "msg_1",
      content: "How high?",
      createdAt: "2026-11-21T12:00:00Z",
      parentId: null,
      siblings: ["msg_0", "msg_1"],
    },
    answer: answer({ siblings: ["msg_2", "msg_3", "msg_4"] }),
  });
  assert.match(html, /<span>2 \/ 2<\/span>/);
  assert.match(html, /<span>1 \/ 3<\/span>/);
});

Deno.test("TurnView: a single version has nothing to switch", () => {
  const html = render({ answer: answer({ siblings: ["msg_2"] }) });
  assert.doesNotMatch(html, /version/);
});

Deno.test("TurnView: what was there before a new attempt stays in sight", () => {
  const html = render({
    answer: answer({ status: "streaming", text: "It", held: "It was high" }),
  });
  assert.match(html, /It was high/);
});

Deno.test("TurnView: keeps a refused question with its reason, on any turn", () => {
  const refusal = {
    message: "There is no model “x”.",
    code: "model_not_found",
    requestId: "req_1",
    status: 404,
  };
  const html = render({ refusal }, false);
  assert.match(html, /There is no model “x”\./);
  assert.match(html, /model_not_found, status 404, req_1/);
  assert.ok(isButton(html, "Retry"));
});

Deno.test("TurnView: a stopped answer keeps its text and says so", () => {
  const html = render({ answer: answer({ status: "stopped" }) });
  assert.match(html, /high/);
  assert.match(html, /Stopped here\./);
});

Deno.test("TurnView: an answer under way has neither copy nor retry", () => {
  const html = render({ answer: answer({ status: "streaming", text: "It" }) });
  assert.doesNotMatch(html, /Copy answer/);
  assert.ok(!isButton(html, "Retry"));
  assert.match(html, /data-live/);
});

Deno.test("TurnView: says how long the model thought", () => {
  const html = render({
    answer: answer({
      reasoning: "Hm & hm.",
      askedAtMs: 0,
      firstTokenAtMs: 1_000,
      firstTextAtMs: 7_000,
      endedAtMs: 9_000,
      usage: {
        inputTokens: 5,
        cachedInputTokens: 0,
        outputTokens: 160,
        estimated: false,
      },
    }),
  });
  assert.match(html, /Thought for 6 s/);
  assert.match(html, /Hm &amp; hm\./);
  assert.match(html, /20 tok\/s/);
});

Deno.test("TurnView: folds a long question", () => {
  const question = {
    id: "msg_1",
    content: "word ".repeat(200_000),
    createdAt: "2026-11-21T12:00:00Z",
    parentId: null,
    siblings: ["msg_1"],
  };
  const html = render({ question });
  assert.ok(isButton(html, "Show all"));
  assert.ok(html.length < 10_000);
});
