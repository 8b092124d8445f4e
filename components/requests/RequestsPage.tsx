import { Head } from "fresh/runtime";
import type { VNode } from "preact";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import Requests, { type RequestsProps } from "@/islands/Requests.tsx";
import { type Viewer, workspaceTitle } from "@/lib/shared/viewer.ts";

/** The list of requests, and beside it, or on a phone in its place, the one that the address names. */
export function RequestsPage(
  { viewer, ...props }: { viewer: Viewer } & Omit<RequestsProps, "workspace">,
): VNode {
  const { asked } = props;
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>
          {asked === null ? "Requests · Freshet" : `${asked} · Freshet`}
        </title>
      </Head>
      <Requests {...props} workspace={workspaceTitle(viewer)} />
    </PlacesPage>
  );
}
