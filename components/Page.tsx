import type { Signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";
import { Sidebar } from "./Sidebar.tsx";

export interface PageProps {
  rows: Signal<ThreadRow[]>;
  /** Id of the thread on view. */
  current: Signal<string | null>;
  clock: Clock;
  viewer: Viewer;
  children: ComponentChildren;
}

/** Navigation and main column, as on every page of the app. */
export function Page(
  { rows, current, clock, viewer, children }: PageProps,
): VNode {
  return (
    <div class="app">
      {/* The navigation may list a hundred things before the page begins. */}
      <a class="btn skip" href="#main">Skip navigation</a>
      <Sidebar
        rows={rows}
        current={current}
        clock={clock}
        viewer={viewer}
      />
      <main
        class="main"
        id="main"
        tabIndex={-1}
        data-role={viewer.role}
      >
        {children}
        {viewer.role === "viewer" && (
          <p class="hint reads-only">
            You read in this workspace. Asking takes the role member, which an
            admin can give you.
          </p>
        )}
      </main>
    </div>
  );
}
