/**
 * Processes that do jobs and are killed, at each step and at random moments: what a job does in the store
 * counts once, what it does outside carries the job's id each time, and no job is lost.
 */
import assert from "node:assert/strict";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import {
  type JobProcess,
  jobProcess,
  kindOf,
  SPACE,
} from "@/lib/jobs/testing/job_rig.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import { seededRandom } from "../support/fake_upstream_random.ts";
import { rounds } from "../support/size.ts";
import { hastyClock } from "./hasty_clock.ts";
import {
  COMMIT_STEPS,
  HANDLER_STEPS,
  type JobProcessPlan,
} from "./job_process.ts";

const SEED = Number(
  Deno.env.get("FAULT_SEED") ?? Math.floor(Math.random() * 1e9),
);

/** Processes that are killed at random. */
const KILLS = rounds(12, 1_000);

/** Kills after which a process may do all that is left. */
const KILLS_IN_A_ROW = 6;

/** Steps after which a process is killed, at most. */
const MOST_STEPS = 40;

/** Longest that a process may take on a loaded machine, in milliseconds. */
const PROCESS_DEADLINE_MS = 120_000;

type Death = JobProcessPlan["death"];

/** A store in a folder, somebody who asks for jobs, and processes that do them. */
interface Rig extends AsyncDisposable {
  asking: JobProcess;
  ask(input: string): Promise<string>;
  /** Starts a process and resolves when it has ended; whether it was killed. */
  run(death: Death): Promise<boolean>;
  /** What is there once every job should be over. */
  assertDone(ids: readonly string[], hint: string): Promise<void>;
}

async function rig(): Promise<Rig> {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const location = `${folder}/jobs.db`;
  const outside = `${folder}/outside.log`;
  const sinceMs = Date.now();
  await Deno.writeTextFile(outside, "");
  const store = await openStore({ location, clock: hastyClock(sinceMs) });
  const kind = kindOf(() => Promise.resolve({}), { maxAttempts: 10_000 });
  const asking = await jobProcess([kind], {
    store,
    isIdle: true,
    isBlind: true,
  });
  return {
    asking,
    async ask(input) {
      const { job } = await asking.jobs.enqueue(SPACE, {
        kind: "test.do",
        input,
      });
      return job.id;
    },
    async run(death) {
      const plan: JobProcessPlan = { location, outside, sinceMs, death };
      const { signal, success, stderr } = await new Deno.Command(
        Deno.execPath(),
        {
          args: [
            "run",
            "--cached-only",
            "--no-check",
            "-A",
            "tests/faults/job_process.ts",
            JSON.stringify(plan),
          ],
          stdin: "null",
          stdout: "null",
          stderr: "piped",
          signal: AbortSignal.timeout(PROCESS_DEADLINE_MS),
        },
      ).output();
      const wasKilled = signal === "SIGKILL";
      if (success || wasKilled) return wasKilled;
      const left = await leftOf(store.kv);
      assert.fail(
        `Ended by ${signal}: ${new TextDecoder().decode(stderr)} ${left}`,
      );
    },
    assertDone: (ids, hint) => assertDone(asking, outside, ids, hint),
    async [Symbol.asyncDispose]() {
      await asking[Symbol.asyncDispose]();
      store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function assertDone(
  { store: { kv } }: JobProcess,
  outside: string,
  ids: readonly string[],
  hint: string,
): Promise<void> {
  const told = (await Deno.readTextFile(outside)).trim().split("\n");
  const events = await verbsByJob(kv);
  for (const id of ids) {
    const { value: job } = await kv.get<JobRecord>([SPACE, "j", id]);
    assert.equal(job?.status, "completed", `${hint} ${id}`);
    assert.deepEqual(job.result, { inline: { id } }, hint);
    const effect = await kv.get<{ count: number }>(["wsp_a", "effect", id]);
    assert.equal(effect.value?.count, 1, `${hint} ${id}`);
    assert.ok(told.includes(id), `${hint} ${id}`);
    assertStory(events.get(id) ?? [], `${hint} ${id}`);
  }
  const known = new Set(ids);
  assert.ok(told.every((id) => known.has(id)), hint);
  for (const left of ["jd", "jt", "own"]) {
    const rows = await Array.fromAsync(kv.list({ prefix: ["sys", left] }));
    assert.deepEqual(rows.map(({ key }) => key), [], hint);
  }
}

/** How much is under way in a store, for who wants to know why nothing goes on. */
async function leftOf(kv: Deno.Kv): Promise<string> {
  const counts = await Promise.all(
    ["jd", "jt", "own", "fence"].map(async (kind) => {
      const rows = await Array.fromAsync(kv.list({ prefix: ["sys", kind] }));
      return `${rows.length} of "${kind}"`;
    }),
  );
  return `left: ${counts.join(", ")}`;
}

/** What was told of each job, in the order of the commits. */
async function verbsByJob(kv: Deno.Kv): Promise<Map<string, string[]>> {
  const verbs = new Map<string, string[]>();
  const rows = kv.list<EnvelopeRecord>({ prefix: [SPACE, "e"] });
  for await (const { value } of rows) {
    for (const { type, subject } of value.ev) {
      const all = verbs.get(subject) ?? [];
      verbs.set(subject, [...all, type]);
    }
  }
  return verbs;
}

/** Each beginning is followed by one end of it, and the last end is the only completion. */
function assertStory(verbs: readonly string[], hint: string): void {
  const story = verbs.filter((verb) => verb !== "job.progress");
  assert.match(
    story.join(" "),
    /^job\.queued( job\.started job\.(queued|failed))* job\.started job\.completed$/,
    hint,
  );
}

for (
  const { step, sides } of [
    ...COMMIT_STEPS.map((step) => ({ step, sides: [false, true] })),
    ...HANDLER_STEPS.map((step) => ({ step, sides: [step !== "begin"] })),
  ]
) {
  for (const after of sides) {
    const when = after ? "after" : "before";
    Deno.test(`jobs: killed ${when} the ${step}, each is done once in the store`, async () => {
      await using jobs = await rig();
      const ids = await Promise.all(
        ["quick", "slow", "quick"].map((input) => jobs.ask(input)),
      );
      // Some steps are only there when a process has died before.
      if (step === "timer" || step === "fence" || step === "takeover") {
        assert.ok(await jobs.run({ step: "begin", after: false, nth: 1 }));
      }
      assert.ok(await jobs.run({ step, after, nth: 1 }), "nothing was killed");
      assert.equal(await jobs.run(null), false);
      await jobs.assertDone(ids, `${when} ${step}`);
    });
  }
}

Deno.test("jobs: killed again and again at random, none is lost and none counts twice", async () => {
  const hint = `FAULT_SEED=${SEED}`;
  console.log(hint);
  const random = seededRandom(SEED);
  await using jobs = await rig();
  const ids: string[] = [];
  let kills = 0;
  while (kills < KILLS) {
    const count = 1 + Math.floor(random() * 6);
    for (let asked = 0; asked < count; asked += 1) {
      ids.push(await jobs.ask(random() < 0.3 ? "slow" : "quick"));
    }
    const wasKilled = await jobs.run({
      step: "any",
      after: random() < 0.5,
      nth: 1 + Math.floor(random() ** 2 * MOST_STEPS),
    });
    if (wasKilled) kills += 1;
    // Else more jobs would come than are ever done.
    if (kills % KILLS_IN_A_ROW === 0) assert.equal(await jobs.run(null), false);
  }
  assert.equal(await jobs.run(null), false);
  await jobs.assertDone(ids, hint);
});
