/** What happens in a simulated world of jobs: drawn by fast-check, played by the world. */
import fc from "fast-check";
import type {
  CommitFault,
  FaultKinds,
  ReadFault,
} from "@/lib/kv/testing/fault_kv.ts";

/** What a job does; see `job_kinds.ts`. */
export const DEEDS = ["quick", "slow", "flaky", "refused", "hung"] as const;

export type Deed = typeof DEEDS[number] | "poison";

/** One thing that happens. Numbers that name something are taken modulo what there is. */
export type JobHappening =
  | {
    type: "ask";
    machine: number;
    workspace: number;
    deed: Deed;
    delayMs: number;
    dedupKey: string | null;
  }
  | { type: "cancel"; machine: number; job: number }
  | { type: "retry"; machine: number; job: number }
  | { type: "pause"; machine: number; forMs: number }
  | { type: "kill"; machine: number }
  | { type: "drain"; machine: number }
  | { type: "start"; machine: number }
  | { type: "freeze"; machine: number; forMs: number }
  | { type: "jump"; machine: number; ms: number }
  | { type: "slow"; machine: number; ms: number }
  | { type: "commits"; machine: number; faults: (CommitFault | null)[] }
  | { type: "reads"; machine: number; faults: (ReadFault | null)[] }
  | { type: "trouble"; machine: number; percent: number }
  | { type: "deliver"; process: number };

export interface JobSchedule {
  /** Of delays, tokens and faults by chance. */
  seed: number;
  machines: number;
  /** Nothing wakes anybody: neither bells nor watches. */
  isSilent: boolean;
  steps: { afterMs: number; happening: JobHappening }[];
}

const COMMIT_FAULTS = [
  "drop",
  "loseAck",
  "twice",
  "deny",
  "hold",
  "holdBriefly",
  "mute",
  "hang",
  "locked",
] as const satisfies FaultKinds["commits"];

const HOUR_MS = 3_600_000;

const machine = fc.nat(2);
const index = fc.nat(11);

const happening: fc.Arbitrary<JobHappening> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      type: fc.constant("ask"),
      machine,
      workspace: fc.nat(1),
      deed: fc.constantFrom(...DEEDS, "quick", "quick", "slow", "poison"),
      delayMs: fc.constantFrom(0, 0, 0, 700, 5_000),
      dedupKey: fc.constantFrom(null, null, "one", "two"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("cancel"), machine, job: index }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("retry"), machine, job: index }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("pause"),
      machine,
      forMs: fc.constantFrom(500, 5_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("kill"), machine }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("drain"), machine }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("start"), machine }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("freeze"),
      machine,
      forMs: fc.constantFrom(500, 4_000, 12_000, 16_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("jump"),
      machine,
      ms: fc.constantFrom(-HOUR_MS, -2_000, 2_000, HOUR_MS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("slow"),
      machine,
      ms: fc.constantFrom(30, 400),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("commits"),
      machine,
      faults: fc.array(fc.constantFrom(null, ...COMMIT_FAULTS), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("reads"),
      machine,
      faults: fc.array(fc.constantFrom(null, "fail", "hang"), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("trouble"),
      machine,
      percent: fc.constantFrom(0, 5, 25),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("deliver"), process: index }),
  },
);

/** Everything that can happen to jobs, in any order. */
export const jobSchedules: fc.Arbitrary<JobSchedule> = fc.record({
  seed: fc.nat(0xffffffff),
  machines: fc.constantFrom(1, 2, 2, 3),
  isSilent: fc.constantFrom(false, false, true),
  steps: fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 1, 5, 40, 100, 300, 1_000, 3_000),
      happening,
    }),
    { minLength: 8, maxLength: 24, size: "max" },
  ),
});
