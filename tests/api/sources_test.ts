/** Which passages of documents an answer was given, as its message, its stream and its run tell. */
import assert from "node:assert/strict";
import type { AnswerSource, Page } from "@/lib/shared/wire.ts";
import {
  ask,
  followRun,
  getMessages,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { projectWithDocument } from "../support/project_document.ts";

const GAUGE = `The gauge at Zwickau stands at 4.2 metres. ${
  "It rises slowly. ".repeat(40)
}`;

const QUESTION = { message: { content: "How high is the gauge at Zwickau?" } };

Deno.test("sources: an answer tells how many passages it was given, from its first event on, and what is left of them", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { project, document } = await projectWithDocument(
    app,
    "gauges.md",
    GAUGE,
  );
  const thread = await newThread(app, { projectId: project.id });
  const { run } = await ask(app, thread.id, QUESTION);
  const events = await followRun(app, run.id);
  const sources = async () => {
    const response = await app.fetch(`/api/runs/${run.id}/sources`);
    return (await response.json() as Page<AnswerSource>).items;
  };
  const given = await sources();
  assert.equal(given[0].name, "gauges.md");
  assert.match(given[0].beginning ?? "", /^The gauge at Zwickau .{100,} …$/);
  const [question, answer] = await getMessages(app, thread.id);
  assert.equal(answer.sources, given.length);
  assert.ok(!("sources" in question));
  assert.equal(events[0].event, "start");
  assert.equal(events[0].data.sources, given.length);
  const page = await (await app.fetch(`/c/${thread.id}`)).text();
  assert.match(page, new RegExp(`Sources \\(.*${given.length}.*\\)`));
  await app.fetch(`/api/documents/${document.id}`, { method: "DELETE" });
  assert.deepEqual(
    await sources(),
    given.map((source) => ({ ...source, beginning: null })),
  );
});

Deno.test("sources: an answer that was given none has neither a count nor a place for it", async () => {
  await using rig = await startChat();
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, QUESTION);
  await followRun(rig.app, run.id);
  const [, answer] = await getMessages(rig.app, thread.id);
  assert.ok(!("sources" in answer));
  const page = await (await rig.app.fetch(`/c/${thread.id}`)).text();
  assert.doesNotMatch(page, /Sources/);
});
