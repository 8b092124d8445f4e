import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import ThreadList from "@/islands/ThreadList.tsx";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { LIVE_WORD_ID } from "@/lib/shared/live/live_word.ts";
import { type Viewer, workspaceTitle } from "@/lib/shared/viewer.ts";
import { Icon } from "./Icon.tsx";
import { JobsLink } from "./jobs/JobsLink.tsx";
import { NotificationsLink } from "./notifications/NotificationsLink.tsx";
import { AccountMenu } from "./side/AccountMenu.tsx";
import { SideHead } from "./side/SideHead.tsx";
import { ARCHIVE_ID } from "./thread_menu/archive_id.ts";

/** Pages of one's own, but for those that count something beside their name. */
const YOURS = [
  ["/projects", "folder", "Projects"],
  ["/tasks", "tasks", "Tasks"],
  ["/documents", "book", "Documents"],
  ["/schedules", "clock", "Schedules"],
  ["/usage", "usage", "Usage"],
] as const;

export interface SidebarProps {
  rows: Signal<ThreadRow[]>;
  current: Signal<string | null>;
  clock: Clock;
  viewer: Viewer;
}

/** The navigation: a column on a desk, a popover on a phone. */
export function Sidebar(
  { rows, current, clock, viewer }: SidebarProps,
): VNode {
  return (
    <nav class="side" id="side" popover="auto" aria-label="Navigation">
      <SideHead />
      <div class="side-body">
        <ThreadList rows={rows} current={current} clock={clock} />
        <details class="group side-archive" id={ARCHIVE_ID}>
          <summary class="side-title">
            <span>Archived</span>
            <Icon name="right" small turnable />
          </summary>
          <div></div>
        </details>
      </div>
      <div class="side-foot">
        <p class="hint side-hint" id={LIVE_WORD_ID} role="status" hidden></p>
        <div class="side-links side-grid">
          {YOURS.map(([path, icon, title]) => (
            <a key={path} class="row" href={path}>
              <Icon name={icon} />
              <span class="cut">{title}</span>
            </a>
          ))}
          <JobsLink viewer={viewer} />
          <NotificationsLink unread={viewer.unreadNotifications} />
          <a class="row" href="/settings">
            <Icon name="settings" />
            <span class="cut">Settings</span>
          </a>
          {(viewer.isAdmin || viewer.isOperator) && (
            <a class="row" href="/admin">
              <Icon name="people" />
              <span class="cut">{workspaceTitle(viewer)}</span>
            </a>
          )}
          <AccountMenu viewer={viewer} />
        </div>
      </div>
    </nav>
  );
}
