import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import {
  Admission,
  type AdmissionParts,
  RESERVED_DESCRIPTORS,
} from "./admission.ts";

/** An admission with so many descriptors beyond the reserve, and the requests it has taken in. */
function open(beyondReserve: number, parts: Partial<AdmissionParts> = {}) {
  const admission = new Admission({
    maxDescriptors: RESERVED_DESCRIPTORS + beyondReserve,
    maxStreams: null,
    upstreamSockets: () => 0,
    closeIdleUpstream: () => {},
    hasFreeDescriptors: () => Promise.resolve(true),
    heapRatio: () => 0.1,
    ...parts,
  });
  const ask = (sockets = 1) => {
    const completed = Promise.withResolvers<void>();
    admission.admit(sockets, completed.promise);
    return completed;
  };
  return { admission, ask };
}

function refusal(ask: () => unknown): AppError {
  try {
    ask();
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "the request was admitted" });
}

Deno.test("Admission: a request beyond the descriptors is 503 overloaded, and says when to come back", () => {
  const { admission, ask } = open(2);
  ask();
  ask();
  const { status, code, headers } = refusal(ask);
  assert.deepEqual([status, code], [503, "overloaded"]);
  assert.deepEqual(headers, { "retry-after": "1", connection: "close" });
  assert.deepEqual([admission.inProgress, admission.refused], [2, 1]);
  assert.match(admission.reason!, /connections are used up/);
});

Deno.test("Admission: what has ended, well or not, makes room", async () => {
  const { admission, ask } = open(2);
  const [first, second] = [ask(), ask()];
  first.resolve();
  second.reject(new Error("hung up"));
  await Promise.allSettled([first.promise, second.promise]);
  assert.equal(admission.reason, null);
  ask();
  ask();
});

Deno.test("Admission: a request that asks a model needs room for both of its sockets", () => {
  const { ask } = open(2);
  ask();
  refusal(() => ask(2));
  ask();
});

Deno.test("Admission: idle sockets to providers give way to a request", () => {
  let idle = 2;
  const { ask } = open(2, {
    upstreamSockets: () => idle,
    closeIdleUpstream: () => idle = 0,
  });
  ask(2);
  assert.equal(idle, 0);
});

Deno.test("Admission: requests at a time can be bounded by setting", () => {
  const { ask } = open(100, { maxStreams: 1 });
  ask();
  assert.match(refusal(ask).message, /1 are in progress/);
});

Deno.test("Admission: no new work while memory is used up, and again when it is not", () => {
  let heap = 0.9;
  let nowMs = 0;
  const { ask } = open(100, { heapRatio: () => heap, now: () => nowMs });
  assert.match(refusal(ask).message, /memory is used up/);
  heap = 0.2;
  nowMs += 1_000;
  ask();
});

Deno.test("Admission: descriptors that idle connections hold count, though nobody counted them", async () => {
  let hasFree = false;
  let nowMs = 0;
  const { admission, ask } = open(100, {
    hasFreeDescriptors: () => Promise.resolve(hasFree),
    now: () => nowMs,
  });
  ask();
  await Promise.resolve();
  refusal(ask);
  hasFree = true;
  nowMs += 1_000;
  refusal(ask);
  await Promise.resolve();
  ask();
  assert.equal(admission.reason, null);
});
