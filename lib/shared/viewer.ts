/** Who looks at a page, as its navigation shows it. */
import type { AlertSeverity, UserRole } from "./wire.ts";

/** A workspace by name. */
export interface WorkspaceName {
  /** `wsp_` id. */
  id: string;
  name: string;
}

export interface Viewer {
  /** Whether there is no sign-in: everyone on this machine is the one owner. */
  isLocal: boolean;
  name: string;
  /** Empty in local mode. */
  email: string;
  role: UserRole;
  /** Whether they run this workspace: admins and owners. */
  isAdmin: boolean;
  /** Whether they run this server. */
  isOperator: boolean;
  /** The workspace they are in now. */
  workspace: WorkspaceName;
  /** All they may be in, by name, the one they are in among them. */
  workspaces: WorkspaceName[];
  /** Jobs of the viewer that run, counted up to 99. */
  runningJobs: number;
  /** Kinds of jobs that go on behind other things and are not told of. */
  quietJobKinds: readonly string[];
  /** Alerts that fire and that the viewer may see; the most urgent by their headlines. */
  firing: {
    count: number;
    alerts: { title: string; severity: AlertSeverity }[];
  };
  /** Notifications that the viewer has not read. */
  unreadNotifications: number;
}

/** What the viewer's workspace is called where it is not plain that it is one. */
export function workspaceTitle({ workspace: { name } }: Viewer): string {
  return /\bworkspace\b/i.test(name) ? name : `${name} workspace`;
}
