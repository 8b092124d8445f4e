/** What pages ask of the server about jobs. A refusal becomes a `JobRefused` with words for a person. */
import type { Job, Problem } from "@/lib/shared/wire.ts";
import type { JobAction } from "./job_view.ts";

/** How long the server may take, in milliseconds. */
const DEADLINE_MS = 30_000;

/** The server answered with an error, or not at all. */
export class JobRefused extends Error {
  override readonly name = "JobRefused";
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    response = await fetch(path, { ...init, signal });
  } catch {
    throw new JobRefused(
      "The server could not be reached. Nothing was changed.",
    );
  }
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const body: unknown = isJson ? await response.json().catch(() => null) : null;
  if (response.ok && body !== null) return body;
  const words = response.ok || response.status === 401
    ? "You are signed out. Load the page again to sign in."
    : (body as Partial<Problem> | null)?.detail;
  throw new JobRefused(
    words ?? `The server answered with an error (${response.status}).`,
  );
}

/** Cancels a job or begins it again. @returns the job as it is then */
export async function actOnJob(id: string, action: JobAction): Promise<Job> {
  return await send(`/api/jobs/${id}/${action}`, { method: "POST" }) as Job;
}

/** What a page of jobs shows, read again; the page answers with it where JSON is asked for. */
export async function readPage<T>(path: string): Promise<T> {
  const headers = { accept: "application/json" };
  return await send(path, { headers, cache: "no-store" }) as T;
}

/** Running jobs are counted up to here. */
const MOST_RUNNING = 99;

/** How many jobs of the viewer run. */
export async function readRunningJobs(
  quietKinds: readonly string[],
): Promise<number> {
  const path = `/api/jobs?status=running&limit=${MOST_RUNNING}`;
  const { items } = await readPage<{ items: Job[] }>(path);
  return items.filter(({ kind }) => !quietKinds.includes(kind)).length;
}
