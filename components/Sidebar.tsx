import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import SearchLink from "@/islands/SearchLink.tsx";
import ThreadList from "@/islands/ThreadList.tsx";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { Icon, Mark } from "./Icon.tsx";
import { ARCHIVE_ID } from "./thread_menu/archive_id.ts";

export interface SidebarProps {
  rows: Signal<ThreadRow[]>;
  current: Signal<string | null>;
  clock: Clock;
}

/** The navigation: a column on a desk, a popover on a phone. */
export function Sidebar({ rows, current, clock }: SidebarProps): VNode {
  return (
    <nav class="side" id="side" popover="auto" aria-label="Navigation">
      <div class="side-head">
        <a class="brand" href="/">
          <Mark />
          Freshet
        </a>
        <SearchLink />
        <form action="/">
          <button
            class="btn btn-quiet btn-icon btn-small"
            type="submit"
            aria-label="New thread"
            aria-keyshortcuts="Control+Shift+O"
          >
            <Icon name="plus" />
          </button>
        </form>
        <button
          class="btn btn-quiet btn-icon btn-small side-close"
          type="button"
          popovertarget="side"
          popovertargetaction="hide"
          aria-label="Close navigation"
        >
          <Icon name="close" />
        </button>
      </div>
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
        <div class="side-links">
          <a class="row" href="/projects">
            <Icon name="folder" />
            <span class="cut">Projects</span>
          </a>
          <a class="row" href="/tasks">
            <Icon name="tasks" />
            <span class="cut">Tasks</span>
          </a>
          <a class="row" href="/settings">
            <Icon name="settings" />
            <span class="cut">Settings</span>
          </a>
        </div>
      </div>
    </nav>
  );
}
