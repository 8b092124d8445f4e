import { Head } from "fresh/runtime";
import type { ComponentChildren, VNode } from "preact";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { type Viewer, workspaceTitle } from "@/lib/shared/viewer.ts";

/** A page of usage: navigation, where one is and what goes on now, content. */
export function UsageFrame({ viewer, title, now, children }: {
  viewer: Viewer;
  title: string;
  /** What goes on at this moment. */
  now: ComponentChildren;
  children: ComponentChildren;
}): VNode {
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${title} · Freshet`}</title>
      </Head>
      <PageHead tools={now}>
        <span class="cut hide-phone">{workspaceTitle(viewer)}</span>
        <span class="faint hide-phone" aria-hidden="true">/</span>
        <span class="cut" aria-current="page">{title}</span>
      </PageHead>
      <div class="page usage">{children}</div>
    </PlacesPage>
  );
}
