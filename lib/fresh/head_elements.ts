/**
 * Elements of the document's head: how they are collected from `<Head>` and which of them stand for
 * the same thing, so that the last one wins. Used by the server and the browser.
 */
import { Fragment } from "preact";
import type { ComponentChildren, VNode } from "preact";

type ElementProps = Record<string, unknown>;

/** A string that two elements share when one replaces the other; null when both stay. */
export function headElementKey(
  type: string,
  key: unknown,
  attribute: (name: string) => unknown,
): string | null {
  if (key !== null && key !== undefined) return `key:${key}`;
  if (type === "title" || type === "base") return type;
  const identifiers = IDENTIFYING_ATTRIBUTES[type] ?? ["id"];
  for (const name of identifiers) {
    const value = attribute(name);
    if (value === undefined || value === null || value === "") continue;
    if (name === "charset" || name === "charSet") return "meta:charset";
    return `${type}:${name}:${value}`;
  }
  if (type === "link") return linkKey(attribute);
  return null;
}

const IDENTIFYING_ATTRIBUTES: Record<string, string[]> = {
  meta: [
    "charset",
    "charSet",
    "name",
    "property",
    "http-equiv",
    "httpEquiv",
    "itemprop",
  ],
  script: ["id", "src"],
  style: ["id"],
  link: ["id"],
};

function linkKey(attribute: (name: string) => unknown): string | null {
  const rel = attribute("rel");
  if (rel === "canonical" || rel === "manifest") return `link:rel:${rel}`;
  const href = attribute("href");
  return href === undefined || href === null ? null : `link:${rel}:${href}`;
}

/** The key of a vnode of the head. */
export function headVNodeKey(vnode: VNode<ElementProps>): string | null {
  return headElementKey(
    vnode.type as string,
    vnode.key,
    (name) => vnode.props[name],
  );
}

/** Flattens the children of `<Head>` into vnodes; text between them is dropped. */
export function flattenHead(children: ComponentChildren): VNode[] {
  if (Array.isArray(children)) return children.flatMap(flattenHead);
  if (children === null || typeof children !== "object") return [];
  const vnode = children as VNode<{ children?: ComponentChildren }>;
  if (vnode.type === Fragment && !("tpl" in vnode.props)) {
    return flattenHead(vnode.props.children);
  }
  return [vnode as VNode];
}
