import assert from "node:assert/strict";
import fc from "fast-check";
import { EventReader, EventStreamError } from "@/lib/llm/openai/sse.ts";

const encoder = new TextEncoder();

function read(pieces: Uint8Array[]): string[] {
  const events: string[] = [];
  const reader = new EventReader((data) => events.push(data));
  for (const piece of pieces) reader.feed(piece);
  reader.end();
  return events;
}

Deno.test("EventReader: events are the same however their bytes are cut", () => {
  const event = fc.string({ unit: "binary", minLength: 1 })
    .map((text) => JSON.stringify(text));
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  const cuts = fc.array(fc.nat(2000), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(event), lineEnd, cuts, (events, end, at) => {
      const text = events.map((data) => `: note${end}data: ${data}${end}${end}`)
        .join("");
      const bytes = encoder.encode(text);
      const places = [0, ...at.sort((a, b) => a - b), bytes.length]
        .map((place) => Math.min(place, bytes.length));
      const pieces = places.slice(1)
        .map((place, index) => bytes.subarray(places[index], place));
      assert.deepEqual(read(pieces), events);
    }),
  );
});

Deno.test("EventReader: lines of one event belong together, its name is told", () => {
  const events: unknown[] = [];
  const reader = new EventReader((...event) => events.push(event));
  reader.feed(encoder.encode("event: error\ndata: a\ndata: b\n\n"));
  assert.deepEqual(events, [["a\nb", "error"]]);
});

Deno.test("EventReader: a last event without its empty line still counts", () => {
  assert.deepEqual(read([encoder.encode("data: [DONE]")]), ["[DONE]"]);
});

Deno.test("EventReader: bytes that are not UTF-8 are an error, also at the end", () => {
  assert.throws(
    () => read([new Uint8Array([0x64, 0xff])]),
    EventStreamError,
  );
  assert.throws(
    () => read([encoder.encode("世").subarray(0, 2)]),
    EventStreamError,
  );
});
