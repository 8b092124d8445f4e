import { isAtLeast } from "@/lib/auth/roles.ts";
import { AppError } from "@/lib/errors.ts";
import { type Clock, readClock } from "@/lib/shared/clock.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";
import { hiddenKinds, quietKinds } from "./job_audience.ts";
import type { State } from "@/utils.ts";

/** What the navigation of pages beside the threads shows. */
export interface Places {
  viewer: Viewer;
  clock: Clock;
}

/** Loads what {@link Places} has: for `/settings`, `/admin` and the pages of people. */
export async function loadPlaces(state: State): Promise<Places> {
  return { viewer: await loadViewer(state), clock: readClock() };
}

/** Running jobs are counted up to here. */
const MOST_JOBS = 99;

/** Who looks at the page, and where they are. */
export async function loadViewer(
  { caller, space, services }: State,
): Promise<Viewer> {
  const { alerts, jobKinds, jobLists, notifications, users, workspaces } =
    services;
  const isAdmin = isAtLeast(caller.role, "admin");
  const [account, all, running, unreadNotifications, firing] = await Promise
    .all([
      users.account(caller.user),
      workspaces.list(caller.user),
      jobLists.count(space, "running", {
        hides: hiddenKinds(jobKinds, "running"),
        most: MOST_JOBS,
      }),
      notifications.unread(space),
      isAdmin ? alerts.summary(caller) : { count: 0, alerts: [] },
    ]);
  const names = all.map(({ id, name }) => ({ id, name }));
  return {
    isLocal: caller.mode === "local",
    name: account?.name ?? "",
    email: account?.email ?? "",
    role: caller.role,
    isAdmin,
    isOperator: caller.isOperator,
    workspace: names.find(({ id }) => id === caller.workspace) ??
      { id: caller.workspace, name: "Workspace" },
    workspaces: names.sort((a, b) => a.name.localeCompare(b.name, "en")),
    runningJobs: running.count,
    quietJobKinds: quietKinds(jobKinds),
    firing,
    unreadNotifications,
  };
}

/**
 * Pages about several people are nowhere where there is but one.
 * @throws {AppError} 404 `not_found` in local mode
 */
export function requirePeople({ caller }: State): void {
  if (caller.mode !== "local") return;
  throw new AppError({
    status: 404,
    code: "not_found",
    message: "In local mode everyone on this machine is the one owner.",
  });
}
