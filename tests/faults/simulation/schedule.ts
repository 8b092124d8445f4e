/** What happens in a simulated world: drawn by fast-check, played by the world. */
import fc from "fast-check";
import type {
  CommitFault,
  FaultKinds,
  ReadFault,
} from "@/lib/kv/testing/fault_kv.ts";
import type { CutPlace } from "./follower.ts";
import type { AnswerPlan } from "./upstream.ts";

/** One thing that happens. Numbers that name something are taken modulo what there is. */
export type Happening =
  | { type: "ask"; machine: number; thread: number; isFollowed: boolean }
  | { type: "regenerate"; machine: number; run: number }
  | { type: "continue"; machine: number; run: number }
  | { type: "stop"; machine: number; run: number }
  | { type: "follow"; machine: number; run: number; slowMs: number }
  | { type: "cut"; machine: number; follower: number; place: CutPlace }
  | { type: "kill"; machine: number }
  | { type: "drain"; machine: number }
  | { type: "start"; machine: number }
  | { type: "freeze"; machine: number; forMs: number }
  | { type: "jump"; machine: number; ms: number }
  | { type: "deafen"; machine: number }
  | { type: "slow"; machine: number; ms: number }
  | { type: "commits"; machine: number; faults: (CommitFault | null)[] }
  | { type: "reads"; machine: number; faults: (ReadFault | null)[] }
  | { type: "trouble"; machine: number; percent: number }
  | { type: "deliver"; process: number };

export interface Step {
  /** Milliseconds since the step before. */
  afterMs: number;
  happening: Happening;
}

export interface Schedule {
  /** Of delays, tokens and faults by chance. */
  seed: number;
  machines: number;
  /** Whether changes of keys are told to who watches them, or looked for. */
  isWatched: boolean;
  /** Answers of the provider, in turn. */
  plans: AnswerPlan[];
  steps: Step[];
}

/** What a lane outlives; a disk that is full is another test's. */
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

const READ_FAULTS = ["fail", "hang"] as const;

const HOUR_MS = 3_600_000;

const index = fc.nat(11);
const machine = fc.nat(2);

const plan: fc.Arbitrary<AnswerPlan> = fc.record({
  gapsMs: fc.array(fc.constantFrom(1, 20, 60, 200, 700, 2_500), {
    minLength: 1,
    maxLength: 8,
  }),
  end: fc.constantFrom("finish", "finish", "finish", "quiet", "fail"),
});

const cutPlace = fc.constantFrom<CutPlace>(
  "last",
  "last",
  "earlier",
  "beyond",
  "garbage",
  "nothing",
);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      type: fc.constant("ask"),
      machine,
      thread: fc.nat(2),
      isFollowed: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("regenerate"),
      machine,
      run: index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("continue"),
      machine,
      run: index,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("stop"), machine, run: index }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("follow"),
      machine,
      run: index,
      slowMs: fc.constantFrom(0, 0, 300),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("cut"),
      machine,
      follower: index,
      place: cutPlace,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("kill"), machine }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("drain"), machine }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant("start"), machine }),
  },
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
    arbitrary: fc.record({ type: fc.constant("deafen"), machine }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("slow"),
      machine,
      ms: fc.constantFrom(30, 400, 1_500),
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
      faults: fc.array(fc.constantFrom(null, ...READ_FAULTS), {
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

/** Everything that can happen to runs, in any order. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(0xffffffff),
  machines: fc.constantFrom(1, 2, 2, 3),
  isWatched: fc.constantFrom(true, true, true, false),
  plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
  steps: fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 1, 5, 40, 100, 300, 1_000, 3_000),
      happening,
    }),
    { minLength: 8, maxLength: 24, size: "max" },
  ),
});
