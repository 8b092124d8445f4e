import assert from "node:assert/strict";
import type { Delta } from "@/lib/llm/types.ts";
import { Fanout } from "@/lib/streams/fanout.ts";
import type { ServedBy } from "./answer.ts";
import { MAX_ANSWER_BYTES } from "./answer_size.ts";
import type { FlightSeat } from "./flight_seat.ts";
import { Flights } from "./flights.ts";
import {
  answer,
  FakeUpstream,
  finish,
  readAll,
  SERVED,
  text,
  textOf,
  USAGE,
  usage,
} from "./testing/deltas.ts";

class Airport {
  readonly upstream = new FakeUpstream();
  readonly flights: Flights;
  readonly landed: { deltas: readonly Delta[]; served: ServedBy }[] = [];

  constructor(maxSharedBytes?: number) {
    this.flights = new Flights(new Fanout(), maxSharedBytes);
  }

  board(
    shareKey: string | null = "k",
    abort: AbortController = new AbortController(),
  ): FlightSeat {
    return this.flights.board({
      shareKey,
      open: this.upstream.open,
      signal: abort.signal,
      onLanded: (deltas, served) => this.landed.push({ deltas, served }),
    });
  }
}

const NOTHING = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("Flights: runs with one key share one call and each gets all of it", async () => {
  const { upstream, board } = bound(new Airport());
  const seats = [board(), board(), board()];
  const all = Promise.all(seats.map(readAll));
  upstream.calls[0].give(...answer("a", "b"));
  upstream.calls[0].end();
  for (const deltas of await all) assert.deepEqual(deltas, answer("a", "b"));
  assert.equal(upstream.calls.length, 1);
  assert.deepEqual(
    seats.map(({ outcome }) => outcome),
    ["miss", "joined", "joined"],
  );
});

Deno.test("Flights: who comes late gets what there is at once, then the rest as it comes", async () => {
  const { upstream, board } = bound(new Airport());
  const first = board();
  upstream.calls[0].give(text("a"), text("b"));
  await first.next();
  await first.next();
  const late = board();
  assert.equal(textOf([await value(late), await value(late)]), "ab");
  const more = value(late);
  upstream.calls[0].give(text("c"));
  assert.deepEqual(await more, text("c"));
  assert.deepEqual(await value(first), text("c"));
});

Deno.test("Flights: other keys, and runs that may not share, have calls of their own", () => {
  const { upstream, board } = bound(new Airport());
  const outcomes = [board("k"), board("l"), board(null), board(null)]
    .map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ["miss", "miss", "miss", "miss"]);
  assert.equal(upstream.calls.length, 4);
});

Deno.test("Flights: the call goes on for the others when the one that began it stops", async () => {
  const { upstream, board } = bound(new Airport());
  const stop = new AbortController();
  const first = board("k", stop);
  const second = board();
  const firstRead = first.next();
  const secondRead = readAll(second);
  stop.abort(new Error("stopped"));
  await assert.rejects(firstRead, /stopped/);
  assert.equal(upstream.calls[0].signal.aborted, false);
  upstream.calls[0].give(...answer("a"));
  upstream.calls[0].end();
  assert.deepEqual(await secondRead, answer("a"));
});

Deno.test("Flights: a joiner that stops ends nobody else", async () => {
  const { upstream, board } = bound(new Airport());
  const first = board();
  const stop = new AbortController();
  const joiner = board("k", stop);
  const joined = joiner.next();
  stop.abort(new Error("stopped"));
  await assert.rejects(joined, /stopped/);
  const all = readAll(first);
  upstream.calls[0].give(...answer("a"));
  upstream.calls[0].end();
  assert.deepEqual(await all, answer("a"));
});

Deno.test("Flights: the last run that leaves closes the call, and the next one begins another", async () => {
  const { upstream, flights, board } = bound(new Airport());
  const seats = [board(), board()];
  await seats[0].return();
  assert.equal(upstream.calls[0].signal.aborted, false);
  await seats[1].return();
  assert.equal(upstream.calls[0].signal.aborted, true);
  assert.equal(upstream.calls[0].isReturned, true);
  assert.equal(flights.size, 0);
  assert.equal(board().outcome, "miss");
  assert.equal(upstream.calls.length, 2);
});

Deno.test("Flights: a call that breaks before its first delta fails all runs the same way", async () => {
  const { upstream, flights, landed, board } = bound(new Airport());
  const reads = [board(), board()].map(readAll);
  upstream.calls[0].break(new Error("refused"));
  for (const result of await Promise.allSettled(reads)) {
    assert.equal(result.status, "rejected");
    assert.match(String(result.reason), /refused/);
  }
  assert.equal(flights.size, 0);
  assert.deepEqual(landed, []);
});

Deno.test("Flights: a call that breaks later gives all runs what had come, then the error", async () => {
  const { upstream, board } = bound(new Airport());
  const first = board();
  upstream.calls[0].give(text("a"));
  await first.next();
  upstream.calls[0].break(new Error("broken"));
  await assert.rejects(first.next(), /broken/);
  const late = board();
  assert.equal(late.outcome, "miss", "nobody joins what is broken");
});

Deno.test("Flights: a run behind the others reads on after the call has broken, up to the error", async () => {
  const { upstream, board } = bound(new Airport());
  const [first, slow] = [board(), board()];
  upstream.calls[0].give(text("a"), text("b"));
  await first.next();
  await first.next();
  upstream.calls[0].break(new Error("broken"));
  await assert.rejects(first.next(), /broken/);
  assert.equal(textOf([await value(slow), await value(slow)]), "ab");
  await assert.rejects(slow.next(), /broken/);
  assert.equal((await slow.next()).done, true);
});

Deno.test("Flights: nothing is read ahead of the fastest run", async () => {
  const { upstream, board } = bound(new Airport());
  const seat = board();
  upstream.calls[0].give(text("a"), text("b"), text("c"));
  await seat.next();
  await nextTurn();
  assert.equal(upstream.calls[0].asked, 1);
});

Deno.test("Flights: what has come in good order is handed over once, with who gave it", async () => {
  const { upstream, landed, board } = bound(new Airport());
  const reads = [board(), board()].map(readAll);
  upstream.calls[0].give(...answer("a"));
  upstream.calls[0].end();
  await Promise.all(reads);
  assert.deepEqual(landed, [{ deltas: answer("a"), served: SERVED }]);
});

Deno.test("Flights: what was given up is not handed over", async () => {
  const { upstream, landed, board } = bound(new Airport());
  const seat = board();
  const read = seat.next();
  upstream.calls[0].give(text("a"));
  await read;
  await seat.return();
  upstream.calls[0].end();
  await nextTurn();
  assert.deepEqual(landed, []);
});

Deno.test("FlightSeat.settle: one run pays what the provider reported, the others nothing", async () => {
  const { upstream, board } = bound(new Airport());
  const seats = [board(), board(), board()];
  const reads = seats.map(readAll);
  upstream.calls[0].give(...answer("a", "b"));
  upstream.calls[0].end();
  await Promise.all(reads);
  assert.deepEqual(
    seats.map((seat) => seat.settle(USAGE)),
    [USAGE, NOTHING, NOTHING],
  );
});

Deno.test("FlightSeat.settle: who pays and leaves settles what has come; together it is what was reported", async () => {
  const { upstream, board } = bound(new Airport());
  const seats = [board(), board(), board()];
  for (const [index, seat] of seats.entries()) {
    if (index === 2) break;
    upstream.calls[0].give(text("a"), text("b"));
    await seat.next();
    await seat.next();
    await seat.return();
  }
  const last = readAll(seats[2]);
  upstream.calls[0].give(text("c"), finish(), usage());
  upstream.calls[0].end();
  await last;
  const guess = { ...USAGE, inputTokens: 99, outputTokens: 99 };
  const paid = seats.map((seat, index) =>
    seat.settle(index === 2 ? USAGE : guess)
  );
  const sum = { ...NOTHING };
  for (const part of paid) {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) {
      sum[name] += part[name];
    }
  }
  assert.deepEqual(sum, USAGE);
  assert.ok(paid[0].outputTokens > 0, "the first has used some");
});

Deno.test("FlightSeat.settle: the last run to leave pays by its own account", async () => {
  const { upstream, board } = bound(new Airport());
  const [first, second] = [board(), board()];
  upstream.calls[0].give(text("a"), text("b"));
  await second.next();
  await second.next();
  await second.return();
  await first.return();
  const guess = { inputTokens: 5, cachedInputTokens: 0, outputTokens: 9 };
  assert.deepEqual(second.settle(guess), NOTHING);
  assert.deepEqual(first.settle(guess), guess);
});

Deno.test("Flights: an answer that is too large is neither joined nor kept, and not held in memory", async () => {
  const { upstream, flights, landed, board } = bound(new Airport());
  const seat = board();
  const piece = "x".repeat(MAX_ANSWER_BYTES / 4);
  for (let sent = 0; sent < 12; sent += 1) {
    upstream.calls[0].give(text(piece));
    await seat.next();
  }
  assert.equal(flights.size, 0);
  assert.ok(flights.bytes < 2 * MAX_ANSWER_BYTES, `${flights.bytes} bytes`);
  const rest = readAll(seat);
  upstream.calls[0].give(finish());
  upstream.calls[0].end();
  assert.deepEqual(await rest, [finish()]);
  assert.deepEqual(landed, []);
  assert.equal(flights.bytes, 0);
});

Deno.test("Flights: a run that lags too far fails alone", async () => {
  const { upstream, flights, board } = bound(new Airport());
  const [fast, slow] = [board(), board()];
  const piece = "x".repeat(MAX_ANSWER_BYTES / 4);
  for (let sent = 0; sent < 100; sent += 1) {
    upstream.calls[0].give(text(piece));
    await fast.next();
  }
  assert.ok(flights.bytes < 80 * piece.length, `${flights.bytes} bytes`);
  await assert.rejects(slow.next(), { code: "overloaded" });
  upstream.calls[0].give(finish());
  assert.deepEqual(await value(fast), finish());
});

Deno.test("Flights: beyond the memory for all of them, calls are not shared any more", async () => {
  const { upstream, board } = bound(new Airport(1_000));
  const first = board("k");
  upstream.calls[0].give(text("x".repeat(2_000)));
  await first.next();
  assert.equal(board("k").outcome, "miss");
});

Deno.test("Flights: ten thousand runs of one call get all of it", async () => {
  const { upstream, flights, board } = bound(new Airport());
  const reads = Array.from({ length: 10_000 }, () => readAll(board()));
  const pieces = Array.from({ length: 20 }, (_, index) => `${index} `);
  for (const piece of pieces) {
    upstream.calls[0].give(text(piece));
    await nextTurn();
  }
  upstream.calls[0].give(finish());
  upstream.calls[0].end();
  for (const deltas of await Promise.all(reads)) {
    assert.equal(textOf(deltas), pieces.join(""));
  }
  assert.equal(upstream.calls.length, 1);
  assert.equal(flights.bytes, 0);
});

function bound(airport: Airport) {
  return {
    upstream: airport.upstream,
    flights: airport.flights,
    landed: airport.landed,
    board: airport.board.bind(airport),
  };
}

async function value(seat: FlightSeat): Promise<Delta> {
  const result = await seat.next();
  assert.ok(!result.done, "the stream has ended");
  return result.value;
}
