import assert from "node:assert/strict";
import { FakeTime } from "@std/testing/time";
import { Deadlines } from "@/lib/llm/openai/deadlines.ts";

const LIMITS = { connect: 10, firstToken: 100, tokenGap: 50, total: 1000 };

function withDeadlines(
  run: (deadlines: Deadlines, passed: string[], time: FakeTime) => void,
): void {
  using time = new FakeTime();
  const passed: string[] = [];
  const deadlines = new Deadlines(
    LIMITS,
    (name) => passed.push(name),
    () => Date.now(),
  );
  run(deadlines, passed, time);
  deadlines.clear();
}

Deno.test("Deadlines: the first that passes is told, and no other", () => {
  withDeadlines((deadlines, passed, time) => {
    deadlines.start("total");
    deadlines.start("firstToken");
    deadlines.start("connect");
    time.tick(5000);
    assert.deepEqual(passed, ["connect"]);
  });
});

Deno.test("Deadlines: one that is stopped or started anew does not pass", () => {
  withDeadlines((deadlines, passed, time) => {
    deadlines.start("firstToken");
    time.tick(99);
    deadlines.stop("firstToken");
    for (let token = 0; token < 10; token++) {
      deadlines.start("tokenGap");
      time.tick(45);
    }
    assert.deepEqual(passed, []);
    time.tick(6);
    assert.deepEqual(passed, ["tokenGap"]);
  });
});

Deno.test("Deadlines: nothing passes after clear", () => {
  withDeadlines((deadlines, passed, time) => {
    deadlines.start("total");
    deadlines.clear();
    time.tick(5000);
    assert.deepEqual(passed, []);
  });
});
