/** Whose schedules a caller may see and change: their own, and as an admin those of the workspace itself. */
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import type { Space } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";

/** The space of the schedule that a request names; that of the caller for one there is not. */
export async function scheduleSpace(
  { services: { schedules }, caller, space }: State,
  id: string,
): Promise<Space> {
  if (!mayActAs(caller, "admin")) return space;
  return await schedules.has(caller.workspace, id) ? caller.workspace : space;
}

/**
 * The space in which a list looks.
 * @throws {AppError} 400 `invalid_request` for a scope there is not; 403 `forbidden` for the workspace's to
 *   whom does not run it
 */
export function scheduleListSpace(
  { caller, space }: State,
  { searchParams }: URL,
): Space {
  const scope = searchParams.get("scope") || "own";
  if (scope === "own") return space;
  if (scope !== "workspace") {
    const message = "must be own or workspace";
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `scope ${message}`,
      errors: [{ path: "scope", message }],
    });
  }
  if (mayActAs(caller, "admin")) return caller.workspace;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "Schedules of the workspace itself are for its admins.",
  });
}
