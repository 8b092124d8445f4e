import assert from "node:assert/strict";
import { csvCell, exportHead, exportLine } from "./audit_export.ts";
import { canonicalJson } from "./canonical_json.ts";

Deno.test("csvCell: what a spreadsheet would take for a formula is a text", () => {
  for (
    const text of ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r1", "＝1"]
  ) {
    assert.match(csvCell(text), /^"?'/, JSON.stringify(text));
  }
  for (const text of ["a=1", "usr_1", "1-1", ""]) {
    assert.equal(csvCell(text), text);
  }
});

Deno.test("csvCell: quotes, commas and line ends stay in their cell", () => {
  assert.equal(csvCell('a"b,c'), '"a""b,c"');
  assert.equal(csvCell("a\r\nb"), '"a\r\nb"');
  assert.equal(csvCell(null), "");
  assert.equal(csvCell(-3), "-3");
});

Deno.test("exportLine: a row has a cell for each column of the head", () => {
  const row = exportLine("csv", {
    seq: 1,
    id: "g.v.0",
    workspace: "wsp_1",
    at: "2026-01-01T00:00:00.000Z",
    type: "key.created",
    actor: null,
    subject: "key_1",
    address: null,
    details: {},
    prev: "0",
    hash: "1",
  });
  assert.equal(
    row.split(",").length,
    exportHead("csv").split(",").length,
  );
});

Deno.test("canonicalJson: the order of names does not count, that of a list does", () => {
  assert.equal(
    canonicalJson({ b: [2, { d: 1, c: null }], a: "é\n", u: undefined }),
    '{"a":"é\\n","b":[2,{"c":null,"d":1}]}',
  );
  assert.notEqual(canonicalJson([1, 2]), canonicalJson([2, 1]));
});
