/** `<Head>`: adds elements to the document's head from a page or an island. */
import { h, render } from "preact";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { syncDocumentHead } from "./head_browser.ts";

export interface HeadProps {
  children?: ComponentChildren;
}

type HeadCollector = (children: ComponentChildren) => void;

let collector: HeadCollector | null = null;

/** The server's renderer takes what `<Head>` holds; null while none is rendering. */
export function setHeadCollector(next: HeadCollector | null): void {
  collector = next;
}

/** Puts its children into the document's head; of elements with the same key or kind the last wins. */
export function Head(props: HeadProps): VNode | null {
  if (typeof document === "undefined") {
    collector?.(props.children);
    return null;
  }
  return h(BrowserHead, props);
}

function BrowserHead({ children }: HeadProps): null {
  const holder = useRef<HTMLElement | null>(null);
  const release = useRef<(() => void) | null>(null);
  useEffect(() => {
    // The holder lets Preact turn the children into elements; it is never part of the page.
    holder.current ??= document.createElement("head");
    render(children, holder.current);
    release.current?.();
    release.current = syncDocumentHead(holder.current);
  });
  useEffect(() => () => {
    release.current?.();
    if (holder.current !== null) render(null, holder.current);
  }, []);
  return null;
}
