import assert from "node:assert/strict";
import { PLACES_PER_RECEIVER, ReceiverPlaces } from "./receiver_places.ts";

Deno.test("ReceiverPlaces: a receiver has so many places, and each has its own", () => {
  const clock = { now: 0, monotonic: () => clock.now };
  const places = new ReceiverPlaces(clock);
  const taken = Array.from(
    { length: PLACES_PER_RECEIVER },
    () => places.take("slow"),
  );
  assert.ok(taken.every((place) => typeof place === "function"));
  assert.equal(typeof places.take("slow"), "number");
  assert.equal(typeof places.take("other"), "function");
  const [first] = taken;
  if (typeof first === "function") {
    first();
    // Giving back twice gives back once.
    first();
  }
  assert.equal(typeof places.take("slow"), "function");
  assert.equal(typeof places.take("slow"), "number");
});

Deno.test("ReceiverPlaces: who finds none waits behind those who found none before", () => {
  const clock = { now: 0, monotonic: () => clock.now };
  const places = new ReceiverPlaces(clock);
  for (let count = 0; count < PLACES_PER_RECEIVER; count += 1) {
    places.take("slow");
  }
  clock.now += 10_000;
  const waits = Array.from({ length: 200 }, () => Number(places.take("slow")));
  assert.ok(waits.every((wait, turn) => turn === 0 || wait >= waits[turn - 1]));
  assert.ok(waits[0] >= 250);
  assert.equal(waits.at(-1), 30_000);
});

Deno.test("ReceiverPlaces: a pause holds for everything but what somebody waits for, and ends with it", () => {
  const clock = { now: 0, monotonic: () => clock.now };
  const places = new ReceiverPlaces(clock);
  places.pause("busy", 30_000);
  assert.ok(Number(places.take("busy")) >= 30_000);
  assert.ok(Number(places.take("busy")) <= 31_000);
  assert.equal(typeof places.take("busy", true), "function");
  assert.equal(typeof places.take("other"), "function");
  clock.now += 30_001;
  assert.equal(typeof places.take("busy"), "function");
  places.pause("busy", 999_999_999);
  assert.ok(Number(places.take("busy")) < 700_000);
  places.resume("busy");
  assert.equal(typeof places.take("busy"), "function");
});
