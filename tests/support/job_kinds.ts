/** Kinds of jobs that tests steer from outside, beside those of the app. */
import * as z from "zod";
import { JobRefusal } from "@/lib/jobs/job_kind.ts";
import type { TestApp } from "./app.ts";

/** A job of `test.steer` that goes on. */
export interface Steered {
  attempt: number;
  signal: AbortSignal;
  progress(value: number, message?: string): void;
  /** Ends it with a result. */
  finish(result?: unknown): void;
  /** Ends this attempt with an error; `final` leaves no other. */
  fail(message: string, isFinal?: boolean): void;
}

export interface JobKindsRig {
  /** Jobs of `test.steer` that go on, by their names. */
  running: ReadonlyMap<string, Steered>;
}

const steeredInput = z.strictObject({ name: z.string().min(1).max(80) });

/**
 * Adds `test.steer`, which people may ask for and a test ends, two at a time; and `test.hidden`, which only
 * the program asks for.
 */
export function addTestKinds({ services: { jobKinds } }: TestApp): JobKindsRig {
  const running = new Map<string, Steered>();
  const common = {
    notifies: false,
    priority: "normal",
    maxAttempts: 3,
    deadlineMs: 60_000,
    perProcess: 2,
    perWorkspace: 2,
  } as const;
  jobKinds.add({
    ...common,
    kind: "test.steer",
    input: steeredInput,
    describe: ({ name }) => `Survey of ${name}`,
    isPublic: true,
    handle: ({ input: { name }, attempt, signal, progress }) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const gone = () => reject(new Error("It was told to end"));
      signal.addEventListener("abort", gone);
      running.set(name, {
        attempt,
        signal,
        progress,
        finish: resolve,
        fail: (message, isFinal = false) =>
          reject(isFinal ? new JobRefusal(message) : new Error(message)),
      });
      return promise.then((result) => ({ result })).finally(() => {
        signal.removeEventListener("abort", gone);
        running.delete(name);
      });
    },
  });
  jobKinds.add({
    ...common,
    kind: "test.hidden",
    input: z.strictObject({}),
    describe: () => "Upkeep",
    isPublic: false,
    handle: () => Promise.resolve({}),
  });
  return { running };
}
