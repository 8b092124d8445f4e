import type { VNode } from "preact";
import {
  ADMIN_GROUPS,
  type AdminPlace,
  adminPlaces,
} from "@/components/admin/admin_places.ts";
import { Icon } from "@/components/Icon.tsx";
import type { IconName } from "@/components/icon_paths.ts";
import { type Viewer, workspaceTitle } from "@/lib/shared/viewer.ts";
import { runningJobsOf } from "@/components/jobs/JobsLink.tsx";
import JobsPlace from "@/islands/JobsPlace.tsx";
import ShowPlace from "@/islands/ShowPlace.tsx";
import TellZone from "@/islands/TellZone.tsx";
import NotificationsPlace from "@/islands/NotificationsPlace.tsx";
import { AccountMenu } from "./AccountMenu.tsx";
import { SideHead } from "./SideHead.tsx";

const ALERTS_PATH = "/admin/alerts";

/** The navigation of the pages beside the threads: what is the viewer's own, and what they run. */
export function PlacesSide({ viewer }: { viewer: Viewer }): VNode {
  const places = adminPlaces(viewer);
  return (
    <nav class="side" id="side" popover="auto" aria-label="Navigation">
      <SideHead />
      <TellZone />
      <ShowPlace />
      <div class="side-body">
        {/* "/." is "/", which the framework would mark as where every page belongs. */}
        <Place path="/." icon="left" title="Back to threads" />
        <h2 class="side-title">Yours</h2>
        <Place path="/projects" icon="folder" title="Projects" />
        <Place path="/tasks" icon="tasks" title="Tasks" />
        <Place path="/documents" icon="book" title="Documents" />
        <JobsPlace viewer={runningJobsOf(viewer)} />
        <NotificationsPlace unread={viewer.unreadNotifications} />
        <Place path="/schedules" icon="clock" title="Schedules" />
        <Place path="/usage" icon="usage" title="Usage" />
        <Place path="/settings" icon="settings" title="Settings" />
        <Place path="/docs" icon="book" title="Manual" />
        {places.length > 0 && (
          <>
            <h2 class="side-title">
              <span class="cut">{workspaceTitle(viewer)}</span>
            </h2>
            {ADMIN_GROUPS.map(({ id, title }) => (
              <PlacesGroup
                key={id}
                title={title}
                places={places.filter(({ group }) => group === id)}
                firing={viewer.firing.count}
              />
            ))}
          </>
        )}
      </div>
      {!viewer.isLocal && (
        <div class="side-foot">
          <div class="side-links">
            <AccountMenu viewer={viewer} />
          </div>
        </div>
      )}
    </nav>
  );
}

function PlacesGroup(
  { title, places, firing }: {
    title: string | null;
    places: readonly AdminPlace[];
    firing: number;
  },
): VNode | null {
  if (places.length === 0) return null;
  return (
    <>
      {title !== null && <h3 class="side-title side-group">{title}</h3>}
      {places.map((place) => (
        <Place
          key={place.path}
          {...place}
          firing={place.path === ALERTS_PATH ? firing : 0}
        />
      ))}
    </>
  );
}

function Place(
  { path, icon, title, firing = 0 }: {
    path: string;
    icon: IconName;
    title: string;
    /** How many alerts the page shows that fire. */
    firing?: number;
  },
): VNode {
  return (
    <a class="row" href={path}>
      <Icon name={icon} />
      <span class="cut">{title}</span>
      {firing > 0 && (
        <span class="end tnum">
          <span>{firing}</span> <span class="sr">firing</span>
        </span>
      )}
    </a>
  );
}
