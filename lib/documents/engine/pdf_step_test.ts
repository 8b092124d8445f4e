import assert from "node:assert/strict";
import { makePdf } from "../testing/make_pdf.ts";
import { doStep } from "./do_step.ts";

const profileOf = (bytes: Uint8Array<ArrayBuffer>) =>
  doStep({ type: "pdf-profile", bytes });

Deno.test("PDF: what is encrypted, broken, cut off or only pictures says so", async () => {
  const whole = makePdf(["Ice on the river"]);
  const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
    [makePdf(["secret"], { isEncrypted: true }), /encrypted/],
    [whole.slice(0, 40), /broken/],
    [
      Uint8Array.from(whole, (byte, at) => at < 8 ? byte : 255 - byte),
      /broken/,
    ],
    [makePdf([null, null]), /has no text/],
  ];
  for (const [bytes, reason] of cases) {
    await assert.rejects(profileOf(bytes), {
      name: "UnreadableDocument",
      message: reason,
    });
  }
});

Deno.test("PDF: pages, title and the text of some pages as chunks that name theirs", async () => {
  const pages = Array.from(
    { length: 12 },
    (_, page) => page === 4 ? null : `Page ${page + 1} tells of gauge ${page}.`,
  );
  const bytes = makePdf(pages, { title: "River report" });
  assert.deepEqual(await profileOf(bytes.slice()), {
    kind: "pdf",
    pages: 12,
    title: "River report",
    author: null,
  });
  const { taken, chunks, segment } = await doStep({
    type: "pdf-chunk",
    document: { id: "0".repeat(22), name: "report.pdf", updatedAtMs: 0 },
    bytes: bytes.slice(),
    firstPage: 4,
    pages: 20,
    chunks: 0,
    mostChunks: 100,
  });
  assert.equal(taken, 9);
  assert.deepEqual(
    chunks.map(({ place }) => place.page),
    [4, 6, 7, 8, 9, 10, 11, 12],
  );
  assert.match(chunks[0].text, /Page 4 tells of gauge 3\./);
  assert.ok(segment !== null);
});
