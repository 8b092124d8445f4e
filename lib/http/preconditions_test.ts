import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { etag, requireIfMatch } from "./preconditions.ts";

function refusal(ifMatch: string | null, version: number): AppError | null {
  const headers = new Headers();
  if (ifMatch !== null) headers.set("if-match", ifMatch);
  try {
    requireIfMatch(new Request("http://a.test", { headers }), version);
    return null;
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error;
  }
}

Deno.test("etag: is the quoted version", () => {
  assert.equal(etag(12), '"12"');
});

Deno.test("requireIfMatch: takes the version, a list with it, and a star", () => {
  for (const header of ['"3"', '"1", "3"', ' "3" ', "*"]) {
    assert.equal(refusal(header, 3), null, header);
  }
});

Deno.test("requireIfMatch: without the header is 428 with the current tag", () => {
  const error = refusal(null, 3);
  assert.equal(error?.status, 428);
  assert.equal(error.code, "precondition_required");
  assert.equal(error.headers.etag, '"3"');
});

Deno.test("requireIfMatch: other, weak, bare and empty tags are 412", () => {
  for (const header of ['"2"', 'W/"3"', "3", "", '"33"', '"3', "*, *"]) {
    const error = refusal(header, 3);
    assert.equal(error?.status, 412, header);
    assert.equal(error.code, "precondition_failed");
  }
});
