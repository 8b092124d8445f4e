import assert from "node:assert/strict";
import { isWantedBy } from "./wanted_events.ts";

const OWN = {
  id: "whk_own",
  space: "wsp_a/usr_a",
  events: ["*"],
  isEnabled: true,
};
const ALL = { ...OWN, id: "whk_all", space: "wsp_a" };

const event = (type: string, more: Record<string, unknown> = {}) => ({
  type,
  at: 0,
  subject: "",
  data: {},
  ...more,
});

Deno.test("isWantedBy: a person's webhook is told of that person's space, a workspace's of all of it", () => {
  const cases: [space: string, own: boolean, all: boolean][] = [
    ["wsp_a/usr_a", true, true],
    ["wsp_a/usr_b", false, true],
    ["wsp_a/v1", false, true],
    ["wsp_a", false, true],
    ["wsp_ab/usr_a", false, false],
    ["wsp_ab", false, false],
  ];
  for (const [space, own, all] of cases) {
    const happened = event("run.completed");
    assert.equal(isWantedBy(OWN, space, happened), own, space);
    assert.equal(isWantedBy(ALL, space, happened), all, space);
  }
});

Deno.test("isWantedBy: neither one that is off, nor jobs that deliver, nor what is temporary", () => {
  const space = OWN.space;
  const off = { ...OWN, isEnabled: false };
  assert.equal(isWantedBy(off, space, event("run.completed")), false);
  for (const kind of ["webhook.deliver", "webhook.fanout", "webhook.replay"]) {
    const job = event("job.dead", { data: { kind } });
    assert.equal(isWantedBy(OWN, space, job), false, kind);
  }
  const job = event("job.dead", { data: { kind: "thread.export" } });
  assert.equal(isWantedBy(OWN, space, job), true);
  const hidden = event("run.completed", { data: { temporary: true } });
  assert.equal(isWantedBy(OWN, space, hidden), false);
});

Deno.test("isWantedBy: a test is for one alone, and what was lost for all", () => {
  const test = event("webhook.test", { subject: OWN.id });
  assert.equal(isWantedBy(OWN, OWN.space, test), true);
  assert.equal(isWantedBy(ALL, OWN.space, test), false);
  const lost = event("events.lost", { subject: "webhooks" });
  const picky = { ...OWN, events: ["budget.exceeded"] };
  assert.equal(isWantedBy(picky, "wsp_a", lost), true);
  assert.equal(isWantedBy(picky, "wsp_b", lost), false);
});
