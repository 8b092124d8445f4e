/** Thousands of jobs that fail, and somebody who waits for the first word of an answer meanwhile. */
import assert from "node:assert/strict";
import * as z from "zod";
import { FIRST_WORKSPACE, LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import type { TestApp } from "../support/app.ts";
import { askStream, newThread, startChat } from "../support/chat_client.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";

const JOBS = rounds(400, 5_000);
const ROUNDS = rounds(2, 8);
const CHATS_PER_ROUND = 6;

/** The gate's machine does much else; the full size is for one that does not. */
const MOST_RATIO = rounds(4, 1.5);

const KIND = "test.fail";

/** Milliseconds from asking to the first byte of the answer's first chunk. */
async function timeToFirstToken(app: TestApp): Promise<number> {
  const thread = await newThread(app);
  const askedAt = performance.now();
  const response = await askStream(app, thread.id, {
    message: { content: "x" },
    model: "fake-1",
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  let tookMs: number | null = null;
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    if (tookMs === null && text.includes("event: chunk")) {
      tookMs = performance.now() - askedAt;
    }
  }
  assert.ok(tookMs !== null, text);
  return tookMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[
    Math.floor(values.length / 2)
  ];
}

Deno.test("jobs: thousands that fail leave an answer its first word in time", async () => {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  try {
    await using chat = await startChat({}, { location: `${folder}/chat.db` });
    const { app } = chat;
    const { jobs, jobKinds, jobStore } = app.services;
    let failures = 0;
    jobKinds.add({
      kind: KIND,
      input: z.null(),
      describe: () => "Something that fails",
      isPublic: false,
      priority: "bulk",
      maxAttempts: 100,
      deadlineMs: 60_000,
      perProcess: 100,
      perWorkspace: 100,
      handle() {
        failures += 1;
        return Promise.reject(new Error("Broken"));
      },
    });
    await jobStore.pauseKind(FIRST_WORKSPACE, KIND);
    for (let made = 0; made < JOBS; made += 50) {
      await Promise.all(
        Array.from(
          { length: 50 },
          () => jobs.enqueue(LOCAL_SPACE, { kind: KIND, input: null }),
        ),
      );
    }
    for (let warm = 0; warm < 5; warm += 1) await timeToFirstToken(app);
    const quiet: number[] = [];
    const beside: number[] = [];
    // In turn, so that whatever else the machine does counts for both.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let asked = 0; asked < CHATS_PER_ROUND; asked += 1) {
        quiet.push(await timeToFirstToken(app));
      }
      const before = failures;
      await jobStore.resumeKind(FIRST_WORKSPACE, KIND);
      await waitFor("jobs to fail", () => failures > before + 20);
      for (let asked = 0; asked < CHATS_PER_ROUND; asked += 1) {
        beside.push(await timeToFirstToken(app));
      }
      await jobStore.pauseKind(FIRST_WORKSPACE, KIND);
      const paused = failures;
      await waitFor("the pause to hold", async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return failures - paused < 1_000;
      });
    }
    const ratio = median(beside) / median(quiet);
    console.log(
      `First word: ${
        median(quiet).toFixed(1)
      } ms, beside ${failures} failing attempts ${
        median(beside).toFixed(1)
      } ms`,
    );
    assert.ok(ratio <= MOST_RATIO, `${ratio.toFixed(2)} times as long`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
