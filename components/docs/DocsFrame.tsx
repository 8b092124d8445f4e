import { Head } from "fresh/runtime";
import type { ComponentChildren, VNode } from "preact";
import { Words } from "./Words.tsx";
import { Mark } from "@/components/Icon.tsx";

export interface DocsFrameProps {
  title: string;
  lede?: ComponentChildren;
  /** Whether this is the first page of the manual, which leads back to none. */
  isIndex?: boolean;
  children: ComponentChildren;
}

/** A page of the manual. It is for everybody, signed in or not. */
export function DocsFrame(
  { title, lede, isIndex = false, children }: DocsFrameProps,
): VNode {
  return (
    <div class="docs">
      <Head>
        <title>
          {isIndex
            ? `${title} · Freshet`
            : `${title.replaceAll("`", "")} · Manual · Freshet`}
        </title>
      </Head>
      <header class="docs-head">
        <a class="brand" href="/">
          <Mark />
          Freshet
        </a>
        <nav aria-label="Manual">
          {!isIndex && <a href="/docs">Manual</a>}
          <a href="/openapi.json">OpenAPI</a>
        </nav>
      </header>
      <main class="docs-body" id="main">
        <h1>
          <Words text={title} />
        </h1>
        {lede !== undefined && <p class="lede">{lede}</p>}
        {children}
      </main>
    </div>
  );
}
