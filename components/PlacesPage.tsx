import type { ComponentChildren, VNode } from "preact";
import type { Viewer } from "@/lib/shared/viewer.ts";
import { PlacesSide } from "./side/PlacesSide.tsx";

/** A page beside the threads: their list gives way to one of places. */
export function PlacesPage(
  { viewer, children }: { viewer: Viewer; children: ComponentChildren },
): VNode {
  return (
    <div class="app">
      <a class="btn skip" href="#main">Skip navigation</a>
      <PlacesSide viewer={viewer} />
      <main class="main" id="main" tabIndex={-1}>{children}</main>
    </div>
  );
}
