import assert from "node:assert/strict";
import { silentLogger } from "@/lib/observe/log.ts";
import type { WorkerAnswer } from "./engine/step_worker.ts";
import type { Step } from "./engine/steps.ts";
import { type StepWorker, WorkerLost, WorkerPool } from "./worker_pool.ts";

const log = silentLogger();

function detect(text: string): Step & { type: "detect" } {
  return { type: "detect", head: new TextEncoder().encode(text), name: "a" };
}

const never = () => new AbortController().signal;

/** A worker that does what the test says with each step. */
class FakeWorker implements StepWorker {
  onmessage: StepWorker["onmessage"] = null;
  onerror: StepWorker["onerror"] = null;
  isEnded = false;

  constructor(
    readonly act: (step: Step, worker: FakeWorker) => void,
    isReady = true,
  ) {
    queueMicrotask(() => {
      if (isReady) this.tell({ type: "ready" });
      else this.crash();
    });
  }

  postMessage(step: Step): void {
    queueMicrotask(() => this.act(step, this));
  }

  terminate(): void {
    this.isEnded = true;
  }

  tell(data: WorkerAnswer): void {
    this.onmessage?.(new MessageEvent("message", { data }));
  }

  crash(): void {
    this.onerror?.(new ErrorEvent("error", { message: "Out of memory" }));
  }
}

Deno.test("WorkerPool: a worker that crashes costs its own step, and is replaced", async () => {
  const opened: FakeWorker[] = [];
  const pool = new WorkerPool({
    log,
    size: 1,
    open: () => {
      const worker = new FakeWorker((step, worker) =>
        "name" in step && step.name === "bad"
          ? worker.crash()
          : worker.tell({ type: "done", result: { refused: "fine" } })
      );
      opened.push(worker);
      return worker;
    },
  });
  const results = await Promise.allSettled([
    pool.run(detect("1"), never()),
    pool.run({ ...detect("2"), name: "bad" }, never()),
    pool.run(detect("3"), never()),
  ]);
  assert.deepEqual(results.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  assert.ok((results[1] as PromiseRejectedResult).reason instanceof WorkerLost);
  assert.equal(opened.length, 2);
  assert.ok(opened[0].isEnded);
  pool.stop();
});

Deno.test("WorkerPool: a worker that hangs is ended at the deadline, and the next step is done", async () => {
  let isHanging = true;
  const pool = new WorkerPool({
    log,
    size: 1,
    stepDeadlineMs: 20,
    open: () =>
      new FakeWorker((_step, worker) => {
        if (!isHanging) {
          worker.tell({ type: "done", result: { refused: "fine" } });
        }
        isHanging = false;
      }),
  });
  await assert.rejects(pool.run(detect("1"), never()), WorkerLost);
  assert.deepEqual(await pool.run(detect("2"), never()), { refused: "fine" });
  pool.stop();
});

Deno.test("WorkerPool: a step that is given up ends its worker", async () => {
  const opened: FakeWorker[] = [];
  const pool = new WorkerPool({
    log,
    size: 1,
    open: () => {
      const worker = new FakeWorker(() => abort.abort(new Error("Enough")));
      opened.push(worker);
      return worker;
    },
  });
  const abort = new AbortController();
  await assert.rejects(pool.run(detect("1"), abort.signal), /Enough/);
  assert.ok(opened[0].isEnded);
  pool.stop();
});

for (
  const [name, open] of [
    ["may not be begun", () => {
      throw new Deno.errors.NotCapable("no");
    }],
    ["do not load", () => new FakeWorker(() => {}, false)],
    ["are not there", null],
  ] as const
) {
  Deno.test(`WorkerPool: where workers ${name}, steps are done in this process`, async () => {
    const pool = new WorkerPool({ log, size: 2, open });
    const results = await Promise.all(
      ["a,b\n1,2\n", "", "a,b\n1,2\n"].map((text) =>
        pool.run(detect(text), never())
      ),
    );
    assert.deepEqual(
      results.map((result) => "format" in result ? result.format : "none"),
      ["csv", "none", "csv"],
    );
    pool.stop();
  });
}

Deno.test("WorkerPool: the worker of this program does steps and says which documents no attempt can read", async () => {
  const pool = new WorkerPool({ log, size: 1 });
  try {
    const found = await pool.run(detect("a;b\n1;2\n"), never());
    assert.ok("format" in found && found.format === "csv");
    assert.equal(pool.workers, 1);
    const pdf = new TextEncoder().encode("%PDF-1.4\nnothing of it is true");
    await assert.rejects(
      pool.run({ type: "pdf-profile", bytes: pdf }, never()),
      { name: "UnreadableDocument", message: /broken/ },
    );
  } finally {
    pool.stop();
  }
});
