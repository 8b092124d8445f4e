/** Renders markup to a complete HTML document and its Response. */
import type { ComponentChildren, VNode } from "preact";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { bootScript, moduleUrls } from "./boot_script.ts";
import { headVNodeKey } from "./head_elements.ts";
import { slotContent } from "./island_boundary.ts";
import { withRenderState } from "./render_hook.ts";
import { createRenderState, type RenderState } from "./render_state.ts";
import { getBuildSnapshot } from "./snapshot.ts";

export interface DocumentOptions {
  /** Nonce of every script and style of the page. */
  nonce: string;
  /** Path of the page. */
  pathname: string;
  basePath: string;
}

/** A nonce no one can guess, good for one response. */
export function createNonce(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** The page as a Response; of `init`, the Content-Type is overwritten and a `Link` may be added. */
export function renderDocument(
  content: ComponentChildren,
  init: ResponseInit,
  options: DocumentOptions,
): Response {
  const state = createRenderState(options.nonce, options.pathname);
  const html = withRenderState(
    state,
    () => renderHtml(content, state, options),
  );
  const headers = new Headers(init.headers);
  headers.set("Content-Type", "text/html; charset=utf-8");
  const modules = moduleUrls(state, options.basePath);
  if (modules.length > 0) {
    headers.append("Link", modules.map(preloadLink).join(", "));
  }
  return new Response(html, {
    status: init.status,
    statusText: init.statusText,
    headers,
  });
}

function preloadLink(url: string): string {
  return `<${encodeURI(url)}>; rel="modulepreload"; as="script"`;
}

function renderHtml(
  content: ComponentChildren,
  state: RenderState,
  options: DocumentOptions,
): string {
  const body = renderToString(content as VNode);
  // A document without a body never leaves its head.
  state.isInsideHead = false;
  const templates = renderUnusedSlots(state);
  const script = bootScript(state, options);
  const [head, document] = replaceHeadElements(
    completeDocument(body),
    styleLinks(state, options.basePath),
    state,
  );
  return `<!DOCTYPE html>${
    insertBefore(
      insertBefore(document, "</head>", head, "first"),
      "</body>",
      templates + script,
      "last",
    )
  }`;
}

/** Slots that their island did not show wait in templates; they may hold islands and slots again. */
function renderUnusedSlots(state: RenderState): string {
  let templates = "";
  for (let index = 0; index < state.slots.length; index++) {
    const slot = state.slots[index];
    if (slot.isRendered) continue;
    const { id, name } = slot.reference;
    templates += renderToString(
      h("template", { id: `frsh-${id}-${name}` }, slotContent(slot)),
    );
  }
  return templates;
}

/** Adds what is missing of html, head and body. */
function completeDocument(html: string): string {
  if (/^<html[\s>]/.test(html)) return html;
  const head = `<head><meta charset="utf-8"/></head>`;
  if (/^<head[\s>]/.test(html)) return `<html>${html}</html>`;
  return /^<body[\s>]/.test(html)
    ? `<html>${head}${html}</html>`
    : `<html>${head}<body>${html}</body></html>`;
}

function styleLinks(state: RenderState, basePath: string): string {
  const urls = new Set(getBuildSnapshot()?.clientCss);
  for (const island of state.usedIslands) {
    for (const url of island.css) urls.add(url);
  }
  let links = "";
  for (const url of urls) {
    links += renderToString(
      h("link", { rel: "stylesheet", href: basePath + url }),
    );
  }
  return links;
}

/**
 * The markup to add to the head, and the document without the elements that it replaces. An element is
 * found by rendering its vnode once more, which only pages with such a `<Head>` pay for.
 */
function replaceHeadElements(
  document: string,
  styles: string,
  state: RenderState,
): [head: string, document: string] {
  if (state.headVNodes.length === 0) return [styles, document];
  const added = new Map<unknown, VNode>();
  for (const vnode of state.headVNodes) {
    const key = typeof vnode.type === "string"
      ? headVNodeKey(vnode as VNode<Record<string, unknown>>)
      : null;
    added.set(key ?? vnode, vnode);
  }
  let rest = document;
  for (const { key, vnode } of state.documentHead) {
    if (added.has(key)) {
      rest = rest.replace(
        renderToString(h(vnode.type as string, vnode.props)),
        "",
      );
    }
  }
  const elements = [...added.values()].map(renderHeadElement).join("");
  return [styles + elements, rest];
}

function renderHeadElement(vnode: VNode): string {
  if (typeof vnode.type !== "string" || vnode.key == null) {
    return renderToString(vnode);
  }
  const props: Record<string, unknown> = {
    ...vnode.props,
    "data-key": vnode.key,
  };
  return renderToString(h(vnode.type, props));
}

function insertBefore(
  document: string,
  tag: string,
  inserted: string,
  which: "first" | "last",
): string {
  if (inserted === "") return document;
  const index = which === "first"
    ? document.indexOf(tag)
    : document.lastIndexOf(tag);
  return index === -1
    ? document + inserted
    : document.slice(0, index) + inserted + document.slice(index);
}
