import assert from "node:assert/strict";
import { eventData, eventId, mayLeave, parseEventId } from "./event_view.ts";

const JOB = {
  type: "job.completed",
  subject: "job_1",
  data: {
    jobId: "job_1",
    kind: "thread.export",
    title: "Export of “What nobody else may read”",
    status: "completed",
    secret: "never listed",
  },
};

Deno.test("eventData: gives what the catalogue lists, and a person's words to that person alone", () => {
  const own = eventData("wsp_a/usr_a", JOB, true);
  assert.deepEqual(own, {
    subject: "job_1",
    workspaceId: "wsp_a",
    userId: "usr_a",
    jobId: "job_1",
    kind: "thread.export",
    title: JOB.data.title,
    status: "completed",
  });
  const { title: _, ...others } = own;
  assert.deepEqual(eventData("wsp_a/usr_a", JOB, false), others);
  const ofWorkspace = eventData("wsp_a", JOB, false);
  assert.deepEqual(
    [ofWorkspace.title, ofWorkspace.userId],
    [JOB.data.title, null],
  );
});

Deno.test("mayLeave: neither what is not listed nor what is temporary", () => {
  assert.equal(mayLeave(JOB), true);
  assert.equal(mayLeave({ type: "diary.written", data: {} }), false);
  assert.equal(
    mayLeave({ type: "run.completed", data: { temporary: true } }),
    false,
  );
});

Deno.test("parseEventId: reads what eventId writes, and nothing else", () => {
  const place = {
    generation: "a-b_c",
    versionstamp: "00000000000001ff0000",
    index: 12,
  };
  assert.deepEqual(parseEventId(eventId(place)), place);
  for (
    const text of [
      "",
      "a.b.c",
      "a.00000000000001ff0000",
      "a.00000000000001FF0000.1",
    ]
  ) {
    assert.equal(parseEventId(text), null, text);
  }
});
