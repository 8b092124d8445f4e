/** TextLineStream: lines come out whole, however the text was cut. */
import assert from "node:assert/strict";
import { TextLineStream } from "./mod.ts";

async function linesOf(chunks: string[], allowCR = false): Promise<string[]> {
  const stream = ReadableStream.from(chunks).pipeThrough(
    new TextLineStream({ allowCR }),
  );
  return await Array.fromAsync(stream);
}

/** Every way to cut a text into two chunks, and into single characters. */
function cuts(text: string): string[][] {
  const inTwo = Array.from(text, (_, index) => [
    text.slice(0, index),
    text.slice(index),
  ]);
  return [...inTwo, text.split(""), [text]];
}

Deno.test("TextLineStream: the same lines wherever the text is cut", async () => {
  const text = "data: a\r\ndata: b\n\n\r\nid: 1\rx\nlast";
  for (const chunks of cuts(text)) {
    assert.deepEqual(
      await linesOf(chunks),
      ["data: a", "data: b", "", "", "id: 1\rx", "last"],
      JSON.stringify(chunks),
    );
  }
});

Deno.test("TextLineStream: allowCR ends lines at a single CR", async () => {
  for (const chunks of cuts("a\rb\r\nc\n\rd\r")) {
    assert.deepEqual(
      await linesOf(chunks, true),
      ["a", "b", "c", "", "d"],
      JSON.stringify(chunks),
    );
  }
});

Deno.test("TextLineStream: no line for an empty rest", async () => {
  assert.deepEqual(await linesOf([]), []);
  assert.deepEqual(await linesOf(["a\n"]), ["a"]);
  assert.deepEqual(await linesOf(["", "a", "", "b"]), ["ab"]);
});
