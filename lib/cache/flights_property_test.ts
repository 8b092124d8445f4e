/** Any number of runs that come, read, stop and leave in any order: what must hold for all of them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import { Fanout } from "@/lib/streams/fanout.ts";
import type { FlightSeat } from "./flight_seat.ts";
import { Flights } from "./flights.ts";
import { FakeUpstream, finish, text, textOf, usage } from "./testing/deltas.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a run does with the flight it is in. */
interface Passenger {
  seat: FlightSeat;
  stop: AbortController;
  got: Delta[];
  /** Rejected, or told that the stream has ended. */
  end: "done" | "failed" | null;
  hasLeft: boolean;
  over: Promise<void>;
}

type Action =
  | { type: "come" }
  | { type: "give"; count: number }
  | { type: "stop" | "leave"; who: number }
  | { type: "turn" };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ type: "come" as const }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("give" as const),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("stop" as const, "leave" as const),
        who: fc.nat({ max: 20 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant({ type: "turn" as const }) },
  ),
  { maxLength: 40 },
);

class Scene {
  readonly upstream = new FakeUpstream();
  readonly flights = new Flights(new Fanout());
  readonly passengers: Passenger[] = [];
  readonly landed: (readonly Delta[])[] = [];
  given = 0;

  come(): void {
    const stop = new AbortController();
    const seat = this.flights.board({
      shareKey: "k",
      open: this.upstream.open,
      signal: stop.signal,
      onLanded: (deltas) => this.landed.push(deltas),
    });
    const passenger: Passenger = {
      seat,
      stop,
      got: [],
      end: null,
      hasLeft: false,
      over: Promise.resolve(),
    };
    passenger.over = this.#read(passenger);
    this.passengers.push(passenger);
  }

  async #read(passenger: Passenger): Promise<void> {
    const { seat, got } = passenger;
    try {
      for await (const delta of seat) got.push(delta);
      passenger.end = "done";
    } catch {
      passenger.end = "failed";
    }
  }

  async act(action: Action): Promise<void> {
    const call = this.upstream.calls.at(-1);
    switch (action.type) {
      case "come":
        return this.come();
      case "give":
        for (let count = 0; count < action.count; count += 1) {
          this.given += 1;
          call?.give(text(`${this.given} `));
        }
        return;
      case "turn":
        return await nextTurn();
    }
    const passenger = this.passengers[action.who % this.passengers.length];
    if (passenger === undefined || passenger.hasLeft) return;
    passenger.hasLeft = true;
    if (action.type === "stop") passenger.stop.abort();
    else await passenger.seat.return();
  }
}

Deno.test("Flights: everybody reads the same from the first delta on, and together they pay what was reported", async () => {
  await fc.assert(
    fc.asyncProperty(actions, fc.nat({ max: 50 }), async (steps, extra) => {
      const scene = new Scene();
      for (const step of steps) await scene.act(step);
      scene.come();
      await nextTurn();
      const call = scene.upstream.calls.at(-1)!;
      const reported: TokenUsage = {
        inputTokens: 100,
        cachedInputTokens: 20,
        outputTokens: scene.given + extra,
      };
      call.give(finish(), usage(reported));
      call.end();
      await Promise.all(scene.passengers.map(({ over }) => over));
      assert.equal(scene.flights.bytes, 0);
      assert.equal(scene.flights.size, 0);
      for (const { signal, isReturned } of scene.upstream.calls.slice(0, -1)) {
        assert.ok(signal.aborted && isReturned, "a call that nobody reads");
      }
      assert.equal(call.signal.aborted, false);
      assert.equal(scene.landed.length, 1);
      const whole = textOf(scene.landed[0]);
      const paid = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
      for (const { got, end, hasLeft } of scene.passengers) {
        assert.ok(end !== null);
        // Those who stayed are in the last flight; the others may have been in one before.
        if (hasLeft) continue;
        assert.equal(end, "done");
        assert.equal(textOf(got), whole);
        assert.deepEqual(got.slice(-2), [finish(), usage(reported)]);
      }
      const last = scene.passengers.slice(lastFlightFrom(scene));
      for (const { seat } of last) {
        const share = seat.settle(reported);
        for (const name of Object.keys(paid) as (keyof TokenUsage)[]) {
          paid[name] += share[name];
        }
      }
      assert.deepEqual(paid, reported);
    }),
    { numRuns: 300 },
  );
});

/** The first passenger of the last flight: the one that began its call. */
function lastFlightFrom({ passengers }: Scene): number {
  return passengers.findLastIndex(({ seat }) => seat.outcome === "miss");
}
