import { Head } from "fresh/runtime";
import type { ComponentChildren, VNode } from "preact";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import AlertStrip from "@/islands/AlertStrip.tsx";
import ChangedNote from "@/islands/ChangedNote.tsx";
import { type Viewer, workspaceTitle } from "@/lib/shared/viewer.ts";

export interface AdminPageProps {
  viewer: Viewer;
  /** What the page is called, as the navigation calls it. */
  title: string;
  /** The page of the navigation that this one is part of. */
  parent?: { path: string; title: string };
  /** A sentence under the title. */
  lede?: ComponentChildren;
  /** Buttons beside the title. */
  tools?: ComponentChildren;
  /** Beginnings of the types of the workspace's events after which it shows what is old; none unless told. */
  changes?: readonly string[];
  children: ComponentChildren;
}

/** A page of the administration: navigation, where one is, title, content. */
export function AdminPage(
  { viewer, title, parent, lede, tools, changes, children }: AdminPageProps,
): VNode {
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${title} · Freshet`}</title>
      </Head>
      <PageHead>
        <span class="cut hide-phone">{workspaceTitle(viewer)}</span>
        <span class="faint hide-phone" aria-hidden="true">/</span>
        {parent !== undefined && (
          <>
            <a href={parent.path}>{parent.title}</a>
            <span class="faint" aria-hidden="true">/</span>
          </>
        )}
        <span class="cut" aria-current="page">{title}</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>{title}</h1>
            {lede !== undefined && <p class="lede">{lede}</p>}
          </div>
          {tools}
        </div>
        {title !== "Alerts" && <AlertStrip firing={viewer.firing} />}
        {changes !== undefined && (
          <ChangedNote types={changes} madeAt={new Date().toISOString()} />
        )}
        {children}
      </div>
    </PlacesPage>
  );
}
