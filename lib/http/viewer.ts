import { FIRST_WORKSPACE } from "@/lib/auth/caller.ts";
import { type Clock, readClock } from "@/lib/shared/clock.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";
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

const LOCAL_NAME = { id: FIRST_WORKSPACE, name: "This" };

/** Who looks at the page. */
export function loadViewer(_state: State): Promise<Viewer> {
  return Promise.resolve({
    isLocal: true,
    name: "",
    email: "",
    role: "owner",
    isAdmin: true,
    isOperator: true,
    workspace: LOCAL_NAME,
    workspaces: [LOCAL_NAME],
  });
}
