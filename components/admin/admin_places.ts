import type { IconName } from "@/components/icon_paths.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";

/** A page for those who run a workspace or the server. */
export interface AdminPlace {
  path: string;
  title: string;
  icon: IconName;
  /** `admin`: who runs the workspace; `operator`: who runs the server. */
  who: "admin" | "operator";
  /** Whether it makes sense without a sign-in. */
  isLocal: boolean;
}

/** All pages of the workspace's administration that exist, in the order of the navigation. */
const ADMIN_PLACES: readonly AdminPlace[] = [
  {
    path: "/admin/users",
    title: "People",
    icon: "people",
    who: "admin",
    isLocal: false,
  },
  {
    path: "/admin/groups",
    title: "Groups",
    icon: "groups",
    who: "admin",
    isLocal: false,
  },
  {
    path: "/admin/jobs",
    title: "All jobs",
    icon: "jobs",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/keys",
    title: "Keys",
    icon: "key",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/limits",
    title: "Limits",
    icon: "gauge",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/budgets",
    title: "Budgets",
    icon: "drop",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/prices",
    title: "Prices",
    icon: "usage",
    who: "operator",
    isLocal: true,
  },
  {
    path: "/admin/webhooks",
    title: "Webhooks",
    icon: "plug",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/events",
    title: "Events",
    icon: "requests",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/mail",
    title: "Mail",
    icon: "mail",
    who: "admin",
    isLocal: false,
  },
  {
    path: "/admin/audit",
    title: "Audit log",
    icon: "clock",
    who: "admin",
    isLocal: true,
  },
  {
    path: "/admin/settings",
    title: "Retention",
    icon: "trash",
    who: "admin",
    isLocal: true,
  },
];

/** The pages that a viewer may open. */
export function adminPlaces(viewer: Viewer): AdminPlace[] {
  return ADMIN_PLACES.filter(({ who, isLocal }) =>
    (isLocal || !viewer.isLocal) &&
    (who === "operator" ? viewer.isOperator : viewer.isAdmin)
  );
}
