/** What is asked of jobs: the filters of a list, and a new job. */
import * as z from "zod";
import { invalidRequest } from "@/lib/errors.ts";
import {
  JOB_PRIORITIES,
  JOB_STATUSES,
  type JobStatus,
} from "@/lib/jobs/job_record.ts";
import type { Job } from "@/lib/shared/wire.ts";

/** Longest key by which a job is known to be the same. */
const MAX_DEDUP_CHARACTERS = 200;
const MAX_KIND_CHARACTERS = 60;
const DAY_MS = 86_400_000;

/** A job may be put off so long, in days. */
const MAX_AHEAD_DAYS = 366;

export const newJobSchema = z.strictObject({
  kind: z.string().min(1).max(MAX_KIND_CHARACTERS),
  input: z.unknown().default({}),
  runAt: z.iso.datetime({
    offset: true,
    error: "must be a date and time with an offset, as 2026-11-30T17:00:00Z",
  }).transform((text) => Date.parse(text)).refine(
    (atMs) => atMs <= Date.now() + MAX_AHEAD_DAYS * DAY_MS,
    { error: `must be within ${MAX_AHEAD_DAYS} days` },
  ).optional(),
  dedupKey: z.string().min(1, { error: "must not be empty" })
    .max(MAX_DEDUP_CHARACTERS, {
      error: `must have at most ${MAX_DEDUP_CHARACTERS} characters`,
    }).nullable().optional(),
  priority: z.enum(JOB_PRIORITIES, {
    error: `must be one of ${JOB_PRIORITIES.join(", ")}`,
  }).optional(),
});

/** Which jobs of a list are wanted; null: all. */
export interface JobFilter {
  status: JobStatus | null;
  kind: string | null;
}

/**
 * Reads `?status` and `?kind`; an empty value narrows nothing, as a form sends it.
 * @throws {AppError} 400 `invalid_request` for a status there is not
 */
export function readJobFilter({ searchParams }: URL): JobFilter {
  const status = searchParams.get("status") || null;
  if (status !== null && !isJobStatus(status)) {
    throw invalidRequest("status", `must be one of ${JOB_STATUSES.join(", ")}`);
  }
  return { status, kind: searchParams.get("kind") || null };
}

/** Whose jobs are wanted: the caller's own, or those of everyone in the workspace. */
export function readJobScope({ searchParams }: URL): "own" | "workspace" {
  const scope = searchParams.get("scope") || "own";
  if (scope === "own" || scope === "workspace") return scope;
  throw invalidRequest("scope", "must be own or workspace");
}

export function isJobStatus(text: string): text is Job["status"] {
  return JOB_STATUSES.some((status) => status === text);
}
