import assert from "node:assert/strict";
import { type AttemptProgress, attemptStages } from "./attempt_stages.ts";
import { Stages } from "./stages.ts";

type Progress = {
  -readonly [Name in keyof AttemptProgress]: AttemptProgress[Name];
};

function rig() {
  let nowMs = 0;
  const stages = new Stages(() => nowMs);
  const listen = attemptStages(stages);
  const attempt = (): Progress => ({
    connectMs: null,
    firstTokenMs: null,
    outcome: "running",
    error: null,
  });
  return {
    attempt,
    tell: (progress: Progress, change: Partial<Progress> = {}) => {
      nowMs += 10;
      listen(Object.assign(progress, change));
    },
    seen: () =>
      stages.all.map(({ name, durationMs, outcome, error }) =>
        [name, durationMs, outcome, error].join(" ").trim()
      ),
  };
}

Deno.test("attemptStages: connecting, then waiting for the first delta", () => {
  const { attempt, tell, seen } = rig();
  const only = attempt();
  tell(only);
  tell(only, { connectMs: 10 });
  tell(only, { firstTokenMs: 20 });
  tell(only, { outcome: "completed" });
  assert.deepEqual(seen(), [
    "provider.connect 10 ok",
    "provider.first_token 10 ok",
  ]);
});

Deno.test("attemptStages: a try that fails ends its stage with the code, and the next has its own", () => {
  const { attempt, tell, seen } = rig();
  const [first, second] = [attempt(), attempt()];
  tell(first);
  tell(first, { outcome: "failed", error: "provider_unavailable" });
  tell(second);
  tell(second, { connectMs: 10 });
  tell(second, { outcome: "cancelled" });
  assert.deepEqual(seen(), [
    "provider.connect 10 failed provider_unavailable",
    "provider.connect 10 ok",
    "provider.first_token 10 cancelled",
  ]);
});

Deno.test("attemptStages: an answer that breaks off later was there in time", () => {
  const { attempt, tell, seen } = rig();
  const only = attempt();
  tell(only);
  tell(only, { connectMs: 10 });
  tell(only, { firstTokenMs: 20 });
  tell(only, { outcome: "failed", error: "stream_broken" });
  assert.deepEqual(seen(), [
    "provider.connect 10 ok",
    "provider.first_token 10 ok",
  ]);
});

Deno.test("attemptStages: a provider in this process opens no connection", () => {
  const { attempt, tell, seen } = rig();
  const only = attempt();
  tell(only);
  tell(only, { firstTokenMs: 10 });
  tell(only, { outcome: "completed" });
  assert.deepEqual(seen(), ["provider.connect 10 ok"]);
});
