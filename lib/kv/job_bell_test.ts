import assert from "node:assert/strict";
import fc from "fast-check";
import { JobBell } from "./job_bell.ts";

const commits = fc.array(
  fc.record({
    afterMs: fc.nat(80),
    delaysMs: fc.array(fc.nat(400), { minLength: 1, maxLength: 4 }),
    counts: fc.boolean(),
  }),
  { maxLength: 60 },
);

Deno.test("JobBell: each job that is committed has a message soon after it is due, and all together few", () => {
  fc.assert(
    fc.property(commits, (plan) => {
      const bell = new JobBell();
      let nowMs = 1_000_000;
      const due: number[] = [];
      const messages: number[] = [];
      for (const { afterMs, delaysMs, counts } of plan) {
        nowMs += afterMs;
        const wanted = delaysMs.map((delay) => nowMs + delay);
        const delays = bell.messages(wanted, nowMs);
        assert.ok(delays.every((delay) => delay >= 0));
        // What is not committed carries no message, and counts for none.
        if (!counts) continue;
        bell.sent(delays, nowMs);
        due.push(...wanted);
        messages.push(...delays.map((delay) => nowMs + delay));
      }
      for (const at of due) {
        assert.ok(
          messages.some((message) => message >= at && message <= at + 200),
          `nothing rings after ${at}`,
        );
      }
      const slots = Math.ceil((nowMs + 600 - 1_000_000) / 100);
      assert.ok(messages.length <= slots + 1, `${messages.length} messages`);
    }),
  );
});
