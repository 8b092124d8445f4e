import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import type { BatchProgress, BatchRecord } from "./batch_record.ts";
import { NO_PROGRESS } from "./batch_record.ts";
import type { Line } from "./batch_lines.ts";
import {
  BatchWork,
  type BatchWorkParts,
  LINES_AT_A_TIME,
} from "./batch_work.ts";
import type { LineAnswer, LineCall, LineFailure } from "./line_calls.ts";
import { LinePlaces } from "./line_places.ts";

type Answer = (
  line: number,
  call: LineCall,
) => Promise<LineAnswer | LineFailure>;

interface Written {
  line: number;
  kind: string;
  progress: BatchProgress;
}

function linesOf(count: number): Line[] {
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    fault: null,
    endOffset: (index + 1) * 100,
    text: JSON.stringify({
      custom_id: `line-${index + 1}`,
      method: "POST",
      url: "/v1/embeddings",
      body: { line: index + 1 },
    }),
  }));
}

const done = (): Promise<LineAnswer> =>
  Promise.resolve({
    requestId: "req_1",
    body: { usage: { prompt_tokens: 2, total_tokens: 2 } },
  });

const limited = (seconds = 1): Promise<LineFailure> =>
  Promise.resolve({
    requestId: "req_1",
    error: new AppError({
      status: 429,
      code: "rate_limit_exceeded",
      message: "Later",
      retryable: true,
      headers: { "retry-after": String(seconds) },
    }),
  });

/** Work over lines that are answered as a test says, with time in hand. */
function workOf(
  count: number,
  answer: Answer,
  more: Partial<BatchWorkParts> = {},
) {
  const clock = new ManualClock();
  const written: Written[] = [];
  const work = new BatchWork({
    space: "wsp_a/v1",
    record: {
      id: "batch_1",
      endpoint: "/v1/embeddings",
      askedBy: { workspace: "wsp_a", user: "usr_a", key: null, address: null },
    } as BatchRecord,
    lines: ReadableStream.from(linesOf(count)),
    progress: NO_PROGRESS,
    finished: new Set(),
    store: {
      clock,
      writeResult: (_writer, _batch, { kind, line }, progress) => {
        written.push({ line, kind, progress: progress() });
        return Promise.resolve();
      },
    },
    incarnation: null as never,
    calls: { ask: (call) => answer(call.body.line as number, call) },
    callers: { asker: () => Promise.reject(new Error("Not asked for")) },
    places: new LinePlaces(100),
    isPressed: () => false,
    onProgress: () => {},
    ...more,
  });
  const numbers = () =>
    written.map(({ line }) => line).toSorted((a, b) => a - b);
  return { work, clock, written, numbers };
}

/** Lets time go on until the work is over. */
async function drive(clock: ManualClock, work: Promise<void>): Promise<void> {
  let isOver = false;
  const end = work.finally(() => isOver = true);
  end.catch(() => {});
  while (!isOver) {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    if (!isOver) clock.advance(500);
  }
  await end;
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

Deno.test("BatchWork: each line comes to one result, never more at a time than may be", async () => {
  let asking = 0;
  let most = 0;
  const { work, clock, written, numbers } = workOf(100, async () => {
    most = Math.max(most, asking += 1);
    await new Promise((resolve) => setTimeout(resolve));
    asking -= 1;
    return await done();
  });
  await drive(clock, work.run());
  assert.deepEqual(numbers(), range(1, 100));
  assert.equal(most, LINES_AT_A_TIME);
  assert.deepEqual(written.at(-1)!.progress, {
    v: 1,
    line: 100,
    offset: 10_000,
    completed: 100,
    failed: 0,
    usage: { inputTokens: 200, cachedInputTokens: 0, outputTokens: 0 },
  });
});

Deno.test("BatchWork: progress names no line as passed that has no result", async () => {
  const { work, clock, written } = workOf(60, async (line) => {
    // The first of eight takes longest.
    const turns = line % 8 === 1 ? 20 : 1;
    for (let turn = 0; turn < turns; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    return await done();
  });
  await drive(clock, work.run());
  const stored = new Set<number>();
  for (const { line, progress } of written) {
    stored.add(line);
    for (const passed of range(1, progress.line)) assert.ok(stored.has(passed));
    assert.equal(progress.completed, stored.size);
    assert.equal(progress.offset, progress.line * 100);
  }
});

Deno.test("BatchWork: what has a result is not asked again", async () => {
  const asked: number[] = [];
  const { work, clock, numbers } = workOf(20, (line) => {
    asked.push(line);
    return done();
  }, { finished: new Set([1, 2, 5, 20]) });
  await drive(clock, work.run());
  const left = range(1, 20).filter((line) => ![1, 2, 5, 20].includes(line));
  assert.deepEqual(asked.toSorted((a, b) => a - b), left);
  assert.deepEqual(numbers(), left);
});

Deno.test("BatchWork: a limit is waited for, as long as it says and with fewer at a time", async () => {
  const PLACES = 2;
  let asking = 0;
  let refused = 0;
  const { work, clock, numbers } = workOf(40, async () => {
    if (asking === PLACES) {
      refused += 1;
      return await limited(5);
    }
    asking += 1;
    await new Promise((resolve) => setTimeout(resolve));
    asking -= 1;
    return await done();
  });
  const began = clock.monotonic();
  await drive(clock, work.run());
  assert.deepEqual(numbers(), range(1, 40));
  assert.ok(clock.monotonic() - began >= 5_000);
  assert.ok(refused < 40, `${refused} were refused`);
});

Deno.test("BatchWork: a provider that fails is asked again a little, then the line has failed", async () => {
  const asked = new Map<number, number>();
  const { work, clock, written } = workOf(3, (line) => {
    const times = (asked.get(line) ?? 0) + 1;
    asked.set(line, times);
    if (line === 1 || (line === 2 && times === 1)) {
      const error = new AppError({
        status: 502,
        code: "provider_unavailable",
        message: "It is down",
        retryable: true,
      });
      return Promise.resolve({ requestId: "req_1", error });
    }
    return done();
  });
  await drive(clock, work.run());
  assert.deepEqual([...asked], [[1, 3], [2, 2], [3, 1]]);
  assert.deepEqual(
    written.map(({ line, kind }) => `${line} ${kind}`).toSorted(),
    ["1 error", "2 output", "3 output"],
  );
});

Deno.test("BatchWork: a process under pressure begins nothing until it is over", async () => {
  let isPressed = true;
  const asked: number[] = [];
  const { work, clock, numbers } = workOf(3, (line) => {
    asked.push(line);
    return done();
  }, { isPressed: () => isPressed });
  const run = work.run();
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    clock.advance(1_000);
  }
  assert.deepEqual(asked, []);
  isPressed = false;
  await drive(clock, run);
  assert.deepEqual(numbers(), [1, 2, 3]);
});

Deno.test("BatchWork: when it is stopped, what is being asked counts and nothing more is", async () => {
  const gate = Promise.withResolvers<void>();
  const asked: number[] = [];
  const { work, clock, numbers } = workOf(100, async (line) => {
    asked.push(line);
    await gate.promise;
    return await done();
  });
  const run = work.run();
  while (asked.length < LINES_AT_A_TIME) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  work.stop(false);
  gate.resolve();
  await drive(clock, run);
  assert.deepEqual(numbers(), range(1, LINES_AT_A_TIME));
});

Deno.test("BatchWork: when it is cut off, calls end, and lines that wait for a limit do not hold it up", async () => {
  const { work, clock, numbers } = workOf(
    20,
    (line, { signal }) =>
      line % 2 === 0
        ? limited(3_600)
        : new Promise((resolve) =>
          signal.addEventListener("abort", () =>
            resolve({
              requestId: "req_1",
              error: new AppError({
                status: 499,
                code: "caller_gone",
                message: "Gone",
              }),
            }))
        ),
  );
  const run = work.run();
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  work.stop(true);
  await run;
  assert.deepEqual(numbers(), []);
  assert.ok(clock.monotonic() < 60_000);
});

Deno.test("BatchWork: a result that cannot be stored ends the work with that error", async () => {
  const failing = workOf(50, done, {
    store: {
      clock: new ManualClock(),
      writeResult: () => Promise.reject(new Error("Fenced")),
    },
  });
  await assert.rejects(failing.work.run(), /Fenced/);
});
