/** What pages ask of the server about schedules. */
import type { Problem, SchedulePreview } from "@/lib/shared/wire.ts";

/** How long the server may take, in milliseconds. */
const DEADLINE_MS = 15_000;

/** Words for a person, of an answer that is a refusal. */
async function refusalOf(response: Response): Promise<string> {
  const body: Partial<Problem> | null = await response.json()
    .catch(() => null);
  return body?.errors?.[0]?.message ?? body?.detail ??
    `The server answered with an error (${response.status}).`;
}

/** @throws {Error} with words for a person */
export async function changeSchedule(
  id: string,
  action: "pause" | "resume" | "run",
): Promise<void> {
  const response = await fetch(`/api/schedules/${id}/${action}`, {
    method: "POST",
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch(() => null);
  if (response === null) {
    throw new Error("The server could not be reached. Nothing was changed.");
  }
  if (!response.ok) throw new Error(await refusalOf(response));
  await response.body?.cancel();
}

/** What a cron text means, or what is wrong with it; null: the server could not be asked. */
export async function previewSchedule(
  cron: string,
  timeZone: string,
  signal: AbortSignal,
): Promise<SchedulePreview | { error: string } | null> {
  const query = new URLSearchParams({ cron, timeZone });
  const response = await fetch(`/api/schedules/preview?${query}`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
  }).catch(() => null);
  if (response === null) return null;
  if (!response.ok) return { error: await refusalOf(response) };
  return await response.json();
}
