import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AlertCondition,
  type AlertLook,
  type AlertState,
  type AlertStep,
  lookAt,
  removeAlert,
} from "./alert_state.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LOOK = 10 * SECOND;
const START = Date.UTC(2026, 10, 21);

const LAG: AlertCondition = {
  bad: "above",
  limit: 100,
  clearAt: 90,
  forMs: MINUTE,
  clearForMs: MINUTE,
  blindForMs: 15 * MINUTE,
};

/** Looks at values one after the other, ten seconds apart. */
function watch(
  values: readonly (number | null)[],
  condition = LAG,
  look: Partial<AlertLook> = {},
): { steps: AlertStep[]; told: (string | null)[] } {
  let state: AlertState | null = null;
  const steps = values.map((value, index) => {
    const step: AlertStep = lookAt(state, condition, {
      value,
      nowMs: START + index * LOOK,
      isSilenced: false,
      longestStepMs: 3 * LOOK,
      ...look,
    });
    state = step.state;
    return step;
  });
  return { steps, told: steps.map(({ tells }) => tells) };
}

const times = <T>(count: number, value: T) => new Array<T>(count).fill(value);

Deno.test("lookAt: one bad value fires nothing", () => {
  const { told, steps } = watch([50, 140, 50, 50]);
  assert.deepEqual(told, [null, null, null, null]);
  assert.equal(steps[1].state?.phase, "pending");
  assert.equal(steps[2].state, null);
});

Deno.test("lookAt: what is bad for its time fires once and is not repeated", () => {
  const { told, steps } = watch(times(30, 140));
  assert.deepEqual(told.flatMap((each) => each ?? []), ["fired"]);
  assert.equal(told.indexOf("fired"), MINUTE / LOOK);
  assert.equal(steps.at(-1)?.state?.sinceMs, START);
});

Deno.test("lookAt: a value that wavers about the limit fires once and goes on firing", () => {
  const wavering = Array.from(
    { length: 60 },
    (_, index) => index < 7 ? 101 : index % 2 === 0 ? 99 : 101,
  );
  const { told } = watch(wavering);
  assert.deepEqual(told.flatMap((each) => each ?? []), ["fired"]);
});

Deno.test("lookAt: it is over only after it has been well for its time", () => {
  const { told, steps } = watch([
    ...times(7, 140),
    ...times(4, 20),
    140,
    ...times(7, 20),
  ]);
  assert.equal(told.indexOf("resolved"), 7 + 4 + 1 + MINUTE / LOOK);
  assert.equal(steps.at(-1)?.ended?.ending, "recovered");
  assert.equal(steps.at(-1)?.ended?.last.worst, 140);
});

Deno.test("lookAt: without values nothing fires, and what fires is over after a long while", () => {
  const hidden = watch([140, ...times(20, null), 140, 140]);
  assert.deepEqual(hidden.told.flatMap((each) => each ?? []), []);
  const blind = watch([...times(8, 140), ...times(95, null)]);
  assert.equal(blind.told.at(-1), null);
  const ended = blind.steps.find(({ ended }) => ended !== null);
  assert.equal(ended?.ended?.ending, "unknown");
  assert.ok(blind.steps.indexOf(ended!) > LAG.blindForMs / LOOK);
});

Deno.test("lookAt: a silence keeps it from being told, and what still fires is told when it ends", () => {
  let state: AlertState | null = null;
  const told: (string | null)[] = [];
  for (let index = 0; index < 30; index += 1) {
    const step: AlertStep = lookAt(state, LAG, {
      value: 140,
      nowMs: START + index * LOOK,
      isSilenced: index < 20,
      longestStepMs: 3 * LOOK,
    });
    state = step.state;
    told.push(step.tells);
  }
  assert.equal(told.indexOf("fired"), 20);
  assert.equal(told.filter(Boolean).length, 1);
});

Deno.test("lookAt: what nobody was told of is not told to be over either", () => {
  const { told, steps } = watch([...times(8, 140), ...times(8, 10)], LAG, {
    isSilenced: true,
  });
  assert.deepEqual(told.flatMap((each) => each ?? []), []);
  assert.ok(steps.some(({ ended }) => ended !== null));
});

Deno.test("lookAt: below its limit is bad where that is asked for", () => {
  const slow: AlertCondition = {
    ...LAG,
    bad: "below",
    limit: 10,
    clearAt: 11,
    forMs: 0,
    clearForMs: 0,
  };
  const { told, steps } = watch([20, 5, 3, 10.5, 12], slow);
  assert.deepEqual(told, [null, "fired", null, null, "resolved"]);
  assert.equal(steps.at(-1)?.ended?.last.worst, 3);
});

Deno.test("lookAt: hours in which nobody looked count as one step", () => {
  const first = lookAt(null, LAG, {
    value: 140,
    nowMs: START,
    isSilenced: false,
    longestStepMs: 3 * LOOK,
  });
  const late = lookAt(first.state, LAG, {
    value: 140,
    nowMs: START + 10 * 60 * MINUTE,
    isSilenced: false,
    longestStepMs: 3 * LOOK,
  });
  assert.equal(late.state?.phase, "pending");
  assert.equal(late.state?.heldMs, 3 * LOOK);
});

Deno.test("removeAlert: a rule that goes ends what was told, and forgets what was not", () => {
  const { steps } = watch(times(8, 140));
  assert.equal(removeAlert(steps.at(-1)!.state).tells, "resolved");
  assert.equal(removeAlert(steps[2].state).tells, null);
  assert.equal(removeAlert(null).ended, null);
});

/** A look: how the clock goes on until then, what is seen, whether it is silenced, whether all is restarted. */
interface Turn {
  stepMs: number;
  value: number | null;
  isSilenced: boolean;
  isRestart: boolean;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  stepMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 500, max: 12_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -3_600_000, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 86_400_000 }) },
  ),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 101, max: 300 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 89 }) },
    { weight: 1, arbitrary: fc.integer({ min: 90, max: 100 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  isSilenced: fc.boolean(),
  isRestart: fc.boolean(),
});

const manyTurns = fc.array(turn, { maxLength: 80, size: "max" });

const condition: fc.Arbitrary<AlertCondition> = fc.record({
  bad: fc.constant("above" as const),
  limit: fc.constant(100),
  clearAt: fc.constantFrom(90, 100),
  forMs: fc.constantFrom(0, 5_000, 60_000),
  clearForMs: fc.constantFrom(0, 5_000, 60_000),
  blindForMs: fc.constantFrom(30_000, 900_000),
});

function play(
  turns: readonly Turn[],
  of: AlertCondition,
  see: (step: AlertStep, turn: Turn, nowMs: number) => void,
): void {
  let state: AlertState | null = null;
  let nowMs = START;
  for (const each of turns) {
    nowMs += each.stepMs;
    const before: AlertState | null = each.isRestart && state !== null
      ? JSON.parse(JSON.stringify(state))
      : state;
    const step = lookAt(before, of, {
      value: each.value,
      nowMs,
      isSilenced: each.isSilenced,
      longestStepMs: 3 * LOOK,
    });
    state = step.state;
    see(step, each, nowMs);
  }
}

Deno.test("lookAt: fired and resolved take turns, and a silence is never broken", () => {
  fc.assert(
    fc.property(manyTurns, condition, (turns, of) => {
      let isOpen = false;
      play(turns, of, ({ tells }, { isSilenced, value }) => {
        if (tells === "fired") {
          assert.equal(isOpen, false);
          assert.equal(isSilenced, false);
          assert.ok(value !== null && value > of.limit);
          isOpen = true;
        }
        if (tells === "resolved") {
          assert.equal(isOpen, true);
          isOpen = false;
        }
      });
    }),
    { numRuns: 5000 },
  );
});

Deno.test("lookAt: it fires only after bad looks that make up its time, whatever the clock does", () => {
  fc.assert(
    fc.property(manyTurns, condition, (turns, of) => {
      let badMs = 0;
      let wasKnown = false;
      let wasBad = false;
      let isFiring = false;
      play(turns, of, ({ state }, { stepMs, value }) => {
        const isBad = value !== null && value > of.limit;
        if (isBad && wasBad && wasKnown) {
          badMs += Math.min(Math.max(stepMs, 0), 3 * LOOK);
        }
        if (value !== null && !isBad) badMs = 0;
        const fires = state?.phase === "firing" && !isFiring;
        if (fires) assert.ok(badMs >= of.forMs, `${badMs} < ${of.forMs}`);
        isFiring = state?.phase === "firing";
        if (state === null) badMs = 0;
        if (value !== null) wasBad = isBad;
        wasKnown = value !== null;
      });
    }),
    { numRuns: 5000 },
  );
});

Deno.test("lookAt: what it knows does not lie in the future, and a firing keeps its time", () => {
  fc.assert(
    fc.property(manyTurns, condition, (turns, of) => {
      let firedAtMs: number | null = null;
      play(turns, of, ({ state }, _, nowMs) => {
        const before = firedAtMs;
        firedAtMs = state?.firedAtMs ?? null;
        if (state === null) return;
        assert.ok(state.sinceMs <= nowMs);
        if (before !== null) assert.equal(state.firedAtMs, before);
        assert.ok(
          state.heldMs >= 0 && state.clearMs >= 0 && state.blindMs >= 0,
        );
        assert.ok(state.worst > of.limit);
      });
    }),
    { numRuns: 5000 },
  );
});

Deno.test("lookAt: what stays bad fires, and what stays well is over, from any state", () => {
  const regular = (value: number): Turn[] =>
    times(40, { stepMs: LOOK, value, isSilenced: false, isRestart: true });
  fc.assert(
    fc.property(manyTurns, condition, (turns, of) => {
      let last: AlertStep | null = null;
      play([...turns, ...regular(200)], of, (step) => last = step);
      assert.equal(last!.state?.phase, "firing");
      assert.equal(last!.state?.isTold, true);
      play([...turns, ...regular(10)], of, (step) => last = step);
      assert.equal(last!.state, null);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("lookAt: a value that comes and goes is told no more often than its times allow", () => {
  const flap = fc.array(
    fc.record({
      stepMs: fc.integer({ min: 1_000, max: LOOK }),
      value: fc.constantFrom(200, 10),
      isSilenced: fc.constant(false),
      isRestart: fc.boolean(),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(flap, condition, (turns, of) => {
      let fired = 0;
      let spentMs = 0;
      play(turns, of, ({ tells }, { stepMs }) => {
        spentMs += stepMs;
        if (tells === "fired") fired += 1;
      });
      const least = of.forMs + of.clearForMs;
      if (least > 0) assert.ok(fired <= spentMs / least + 1);
    }),
    { numRuns: 5000 },
  );
});
