import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import { HOUR_MS, idBound, timeOf } from "./request_time.ts";

Deno.test("timeOf: the time at which an id was made", () => {
  const before = Date.now();
  const atMs = timeOf(newId("req"));
  // Ids of one millisecond may run ahead by one when very many are made.
  assert.ok(atMs >= before && atMs <= Date.now() + 1, `${atMs - before} ms`);
});

Deno.test("idBound: stands before the ids of its time and behind all earlier ones", () => {
  const id = newId("req");
  const atMs = timeOf(id);
  assert.ok(idBound(atMs) <= id);
  assert.ok(idBound(atMs + 1) > id);
  assert.equal(timeOf(idBound(atMs - HOUR_MS)), atMs - HOUR_MS);
  assert.equal(idBound(atMs).length, id.length);
});
