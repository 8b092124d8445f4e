import assert from "node:assert/strict";
import type { JobBoard, SectionName } from "./job_board.ts";
import {
  countNewer,
  type JobNews,
  jobsOf,
  keepPlaces,
  mapJobs,
  readJobNews,
  withFresh,
  withNews,
} from "./job_news.ts";
import type { JobView } from "./job_view.ts";

const AT = "2026-11-21T12:00:00.000Z";

function job(id: string, more: Partial<JobView> = {}): JobView {
  return {
    id,
    kind: "test.do",
    title: `Job ${id}`,
    status: "running",
    priority: "normal",
    attempt: 1,
    maxAttempts: 3,
    progress: { value: 0.5, message: "5 of 10" },
    error: null,
    runAt: AT,
    createdAt: AT,
    startedAt: AT,
    finishedAt: null,
    wait: null,
    text: null,
    href: null,
    download: null,
    who: null,
    ...more,
  };
}

function news(jobId: string, more: Partial<JobNews> = {}): JobNews {
  return {
    jobId,
    kind: "test.do",
    status: "running",
    progress: { value: 0.7, message: "7 of 10" },
    error: null,
    attempt: 1,
    before: "running",
    at: AT,
    ...more,
  };
}

function board(
  sections: Partial<Record<SectionName, JobView[]>>,
  tab: JobBoard["tab"] = "now",
): JobBoard {
  const names: SectionName[] = tab === "now"
    ? ["running", "waiting", "failed", "lately"]
    : ["list"];
  return {
    tab,
    status: null,
    sections: names.map((name) => ({
      name,
      jobs: sections[name] ?? [],
      isCut: false,
    })),
    counts: {
      now: { count: 0, isMore: false },
      finished: { count: 0, isMore: false },
    },
    nextCursor: null,
    nowMs: 0,
  };
}

const shape = ({ sections }: JobBoard) =>
  sections.map(({ jobs }) => jobs.map(({ id, status }) => `${id} ${status}`));

Deno.test("withNews: progress that comes late does not go back", () => {
  const late = news("a", { progress: { value: 0.2, message: "2 of 10" } });
  assert.deepEqual(withNews(job("a"), late).progress, {
    value: 0.5,
    message: "5 of 10",
  });
  assert.equal(withNews(job("a"), news("a")).progress.value, 0.7);
  assert.equal(withNews(job("a"), news("b")).progress.value, 0.5);
});

Deno.test("withNews: what is not told of another person's job stays as it was read", () => {
  const told = news("a", { progress: undefined, error: undefined });
  const failing = job("a", { error: "No water" });
  assert.deepEqual(withNews(failing, told), failing);
  const ended = withNews(failing, { ...told, status: "completed" });
  assert.deepEqual([ended.status, ended.finishedAt], ["completed", AT]);
});

Deno.test("readJobNews: takes events of jobs alone, with or without what is personal", () => {
  const read = (type: string, data: Record<string, unknown>) =>
    readJobNews({ type, at: AT, data });
  assert.equal(read("run.completed", { jobId: "a" }), null);
  assert.equal(read("events.lost", {}), null);
  assert.equal(read("job.progress", { jobId: "a" })?.progress, undefined);
  const progress = { value: 1, message: "" };
  assert.equal(
    read("job.progress", { jobId: "a", progress })?.progress,
    progress,
  );
});

Deno.test("withNews: what begins again begins at nothing", () => {
  const dead = job("a", { status: "dead", finishedAt: AT, error: "No water" });
  const again = withNews(
    dead,
    news("a", { status: "queued", progress: { value: 0, message: "" } }),
  );
  assert.deepEqual(
    [again.status, again.progress.value, again.error, again.finishedAt],
    ["queued", 0, null, null],
  );
});

Deno.test("withFresh: what has ended stays where it was, what is new comes in", () => {
  const shown = board({
    running: [job("a"), job("b")],
    waiting: [job("c", { status: "queued" })],
  });
  const heard = mapJobs(
    shown,
    (each) => withNews(each, news("a", { status: "completed" })),
  );
  const fresh = board({
    running: [job("d"), job("b"), job("c")],
    lately: [job("a", { status: "completed", text: "Ten gauges" })],
  });
  const after = withFresh(heard, fresh);
  assert.deepEqual(shape(after), [
    ["a completed", "d running", "b running", "c running"],
    [],
    [],
    [],
  ]);
  assert.equal(jobsOf(after)[0].text, "Ten gauges");
});

Deno.test("withFresh: a cancelled job that no list has stays, one that is gone goes", () => {
  const shown = board({ running: [job("a"), job("b")] });
  const heard = mapJobs(
    shown,
    (each) => withNews(each, news("b", { status: "cancelled" })),
  );
  assert.deepEqual(shape(withFresh(heard, board({})))[0], ["b cancelled"]);
});

Deno.test("withFresh: a failed job that begins again leaves its place among the failed", () => {
  const shown = board({ failed: [job("a", { status: "dead" })] });
  const fresh = board({ running: [job("a")] });
  assert.deepEqual(shape(withFresh(shown, fresh)), [
    ["a running"],
    [],
    [],
    [],
  ]);
});

Deno.test("withFresh: on the page of finished jobs none comes in above", () => {
  const done = job("a", { status: "completed" });
  const shown = board({ list: [done] }, "finished");
  const fresh = board({
    list: [job("b", { status: "dead" }), { ...done, text: "Ten gauges" }],
  }, "finished");
  assert.deepEqual(shape(withFresh(shown, fresh)), [["a completed"]]);
  assert.equal(countNewer(jobsOf(shown), jobsOf(fresh)), 1);
  assert.equal(keepPlaces([done], jobsOf(fresh))[0].text, "Ten gauges");
});
