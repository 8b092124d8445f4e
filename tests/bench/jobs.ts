/**
 * What the queue of jobs takes: from asking to beginning in an idle process, how many jobs a second go
 * through claim, run and commit, and the memory over many of them.
 */
import process from "node:process";
import {
  type JobProcess,
  jobProcess,
  kindOf,
} from "@/lib/jobs/testing/job_rig.ts";
import type { StatusCounts } from "@/lib/jobs/job_count.ts";
import type { JobStatistics } from "@/lib/jobs/job_statistics.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { startApp } from "../support/app.ts";
import { spread } from "./quantile.ts";

const STARTS = 300;
const WARM_STARTS = 50;
const MS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MS = 1_000;
const BYTES_PER_MEGABYTE = 1_000_000;
const ASKED_AT_ONCE = 64;
const SPACE = "wsp_a/usr_a";
const KIND = "test.do";

/** Jobs for the rate, and for the memory. */
const JOBS = 5_000;
const MEMORY_JOBS = 100_000;

export interface JobCosts {
  /** From the call to the first line of the handler, in milliseconds. */
  startMs: number[];
  askedPerSecond: number;
  /** Of jobs that were there when the process began. */
  donePerSecond: number;
  /** CPU of the whole process for each of them, the store's threads included, in milliseconds. */
  cpuMsPerJob: number;
  /** The same in a whole server, with all that hears of jobs there. */
  wholeServer: { startMs: number[]; donePerSecond: number };
  /** What is in use after a garbage collection, after each quarter of the jobs, in megabytes. */
  heapMegabytes: number[];
}

/** Asks for jobs, several at the same time. */
async function ask(
  { jobs }: Pick<JobProcess, "jobs">,
  count: number,
): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) {
      const input = next++;
      await jobs.enqueue(SPACE, { kind: KIND, input });
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one));
}

/** Tells when a job begins. */
class Beginning {
  #begun = Promise.withResolvers<number>();
  readonly kind = kindOf(() => {
    this.#begun.resolve(performance.now());
    return Promise.resolve({});
  }, { perProcess: 1_000, perWorkspace: 1_000 });

  /** How long each of some jobs waits that are asked for one after the other. */
  async times(jobs: Jobs, idleMs: number): Promise<number[]> {
    const times: number[] = [];
    for (let round = 0; round < WARM_STARTS + STARTS; round += 1) {
      this.#begun = Promise.withResolvers();
      const askedAt = performance.now();
      await jobs.enqueue(SPACE, { kind: KIND, input: round });
      times.push(await this.#begun.promise - askedAt);
      await new Promise((resolve) => setTimeout(resolve, idleMs));
    }
    return times.slice(WARM_STARTS);
  }
}

async function startTimes(location: string): Promise<number[]> {
  const beginning = new Beginning();
  await using doing = await jobProcess([beginning.kind], { location });
  return await beginning.times(doing.jobs, 10);
}

async function inWholeServer(
  location: string,
): Promise<JobCosts["wholeServer"]> {
  await using app = await startApp({ location });
  const { jobs, jobKinds, jobStore, jobStatistics } = app.services;
  const beginning = new Beginning();
  jobKinds.add(beginning.kind);
  const startMs = await beginning.times(jobs, 60);
  const workspace = workspaceOf(SPACE);
  await jobStore.pauseKind(workspace, KIND);
  await new Promise((resolve) => setTimeout(resolve, 2 * MS_PER_SECOND));
  await ask({ jobs }, JOBS);
  const before = (await counted(jobStatistics, workspace)).queued;
  if (before === 0) throw new Error("Nothing waits");
  await jobStore.resumeKind(workspace, KIND);
  const beganAt = performance.now();
  const isWaiting = async () =>
    (await jobs.list(SPACE, {
      status: "queued",
      kind: KIND,
      before: null,
      limit: 1,
    })).length > 0;
  while (await isWaiting()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const doneMs = performance.now() - beganAt;
  return { startMs, donePerSecond: JOBS / doneMs * MS_PER_SECOND };
}

/** The counts of a workspace, once nothing is added to them any more. */
async function counted(
  statistics: JobStatistics,
  workspace: string,
): Promise<StatusCounts> {
  while (true) {
    const before = (await statistics.counts(workspace)).total;
    await new Promise((resolve) => setTimeout(resolve, 2 * MS_PER_SECOND));
    const { total } = await statistics.counts(workspace);
    if (JSON.stringify(total) === JSON.stringify(before)) return total;
  }
}

/** Does so many jobs that are there already, and tells of each. */
async function doAll(
  location: string,
  count: number,
  onDone: (done: number) => void,
): Promise<void> {
  let done = 0;
  const all = Promise.withResolvers<void>();
  const kind = kindOf(() => Promise.resolve({}), {
    perProcess: 1_000,
    perWorkspace: 1_000,
  });
  await using doing = await jobProcess([kind], {
    location,
    onAttempt: () => {
      done += 1;
      onDone(done);
      if (done === count) all.resolve();
    },
  });
  await all.promise;
  await doing.worker.stop(MS_PER_SECOND);
}

async function fill(location: string, count: number): Promise<number> {
  await using asking = await jobProcess(
    [kindOf(() => Promise.resolve({}))],
    { location, isIdle: true },
  );
  const askedAt = performance.now();
  await ask(asking, count);
  return performance.now() - askedAt;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / MICROSECONDS_PER_MS;
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is in use after each quarter of the jobs, measured in a process of its own. */
async function heapOver(count: number): Promise<number[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--expose-gc",
      import.meta.url,
      String(count),
    ],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("The process for the memory has failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

export async function jobCosts(): Promise<JobCosts> {
  const heapMegabytes = await heapOver(MEMORY_JOBS);
  return await inFolder(async (folder) => {
    const wholeServer = await inWholeServer(`${folder}/server.db`);
    const startMs = await startTimes(`${folder}/start.db`);
    const location = `${folder}/many.db`;
    const askedMs = await fill(location, JOBS);
    const cpuBefore = cpuMs();
    const beganAt = performance.now();
    await doAll(location, JOBS, () => {});
    const doneMs = performance.now() - beganAt;
    return {
      startMs,
      askedPerSecond: JOBS / askedMs * MS_PER_SECOND,
      donePerSecond: JOBS / doneMs * MS_PER_SECOND,
      cpuMsPerJob: (cpuMs() - cpuBefore) / JOBS,
      wholeServer,
      heapMegabytes,
    };
  });
}

export function jobLines(costs: JobCosts): string[] {
  const { startMs, askedPerSecond, donePerSecond, cpuMsPerJob } = costs;
  const heap = costs.heapMegabytes.map((each) => each.toFixed(1)).join(", ");
  return [
    `asked to begun, idle: ${spread(startMs, 0.95)}`,
    `asked for, ${ASKED_AT_ONCE} at a time: ${
      askedPerSecond.toFixed(0)
    } jobs/s`,
    `claimed, run and stored: ${donePerSecond.toFixed(0)} jobs/s, ${
      cpuMsPerJob.toFixed(2)
    } ms of CPU each (${JOBS} jobs)`,
    `in a whole server: ${spread(costs.wholeServer.startMs, 0.95)}, ${
      costs.wholeServer.donePerSecond.toFixed(0)
    } jobs/s`,
    `heap after each quarter of ${MEMORY_JOBS} jobs: ${heap} MB`,
  ];
}

if (import.meta.main) {
  const count = Number(Deno.args[0]);
  const heap: number[] = [];
  await inFolder(async (folder) => {
    const location = `${folder}/memory.db`;
    await fill(location, count);
    await doAll(location, count, (done) => {
      if (done % Math.floor(count / 4) !== 0) return;
      (globalThis as { gc?: () => void }).gc?.();
      heap.push(Deno.memoryUsage().heapUsed / BYTES_PER_MEGABYTE);
    });
  });
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(heap)));
}
