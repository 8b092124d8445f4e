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
  group: AdminGroup;
}

/** What a page is about. */
export type AdminGroup = "watch" | "people" | "models" | "money" | "server";

/** The groups in the order of the navigation, and what they are called there; null: as the workspace is. */
export const ADMIN_GROUPS: readonly {
  id: AdminGroup;
  title: string | null;
}[] = [
  { id: "watch", title: null },
  { id: "people", title: "People and keys" },
  { id: "models", title: "Models" },
  { id: "money", title: "Limits and money" },
  { id: "server", title: "Server" },
];

/** All pages of the administration that exist, in the order of the navigation within their group. */
const ADMIN_PLACES: readonly AdminPlace[] = [
  {
    path: "/admin/usage",
    title: "Usage and cost",
    icon: "usage",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/requests",
    title: "Requests",
    icon: "requests",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/health",
    title: "Health",
    icon: "gauge",
    who: "operator",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/alerts",
    title: "Alerts",
    icon: "alert",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/users",
    title: "People",
    icon: "people",
    who: "admin",
    isLocal: false,
    group: "people",
  },
  {
    path: "/admin/groups",
    title: "Groups",
    icon: "groups",
    who: "admin",
    isLocal: false,
    group: "people",
  },
  {
    path: "/admin/jobs",
    title: "All jobs",
    icon: "jobs",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/keys",
    title: "Keys",
    icon: "key",
    who: "admin",
    isLocal: true,
    group: "people",
  },
  {
    path: "/admin/limits",
    title: "Limits",
    icon: "gauge",
    who: "admin",
    isLocal: true,
    group: "money",
  },
  {
    path: "/admin/budgets",
    title: "Budgets",
    icon: "drop",
    who: "admin",
    isLocal: true,
    group: "money",
  },
  {
    path: "/admin/prices",
    title: "Prices",
    icon: "usage",
    who: "operator",
    isLocal: true,
    group: "money",
  },
  {
    path: "/admin/providers",
    title: "Providers and routes",
    icon: "plug",
    who: "operator",
    isLocal: true,
    group: "models",
  },
  {
    path: "/admin/models",
    title: "Models",
    icon: "requests",
    who: "admin",
    isLocal: true,
    group: "models",
  },
  {
    path: "/admin/cache",
    title: "Cache",
    icon: "folder",
    who: "admin",
    isLocal: true,
    group: "models",
  },
  {
    path: "/admin/webhooks",
    title: "Webhooks",
    icon: "plug",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/events",
    title: "Events",
    icon: "requests",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/mail",
    title: "Mail",
    icon: "mail",
    who: "admin",
    isLocal: false,
    group: "watch",
  },
  {
    path: "/admin/audit",
    title: "Audit log",
    icon: "clock",
    who: "admin",
    isLocal: true,
    group: "watch",
  },
  {
    path: "/admin/backups",
    title: "Backups",
    icon: "folder",
    who: "operator",
    isLocal: true,
    group: "server",
  },
  {
    path: "/admin/doctor",
    title: "Stream doctor",
    icon: "plug",
    who: "admin",
    isLocal: true,
    group: "server",
  },
  {
    path: "/admin/settings",
    title: "Settings",
    icon: "settings",
    who: "admin",
    isLocal: true,
    group: "server",
  },
  {
    path: "/admin/styleguide",
    title: "Style page",
    icon: "book",
    who: "admin",
    isLocal: true,
    group: "server",
  },
];

/** The pages that a viewer may open, in the order of the navigation. */
export function adminPlaces(viewer: Viewer): AdminPlace[] {
  const open = ADMIN_PLACES.filter(({ who, isLocal }) =>
    (isLocal || !viewer.isLocal) &&
    (who === "operator" ? viewer.isOperator : viewer.isAdmin)
  );
  return ADMIN_GROUPS.flatMap(({ id }) =>
    open.filter(({ group }) => group === id)
  );
}
