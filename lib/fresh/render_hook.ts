/**
 * Follows Preact while it renders a page: islands get their markers, scripts and styles the nonce,
 * images their cache key, links to this page a mark. Only vnodes are seen, so precompiled markup costs
 * nothing but a look at its template.
 */
import { Fragment, options } from "preact";
import type { VNode } from "preact";
import { asset, assetSrcSet } from "./asset.ts";
import { setHeadCollector } from "./head.ts";
import { flattenHead, headVNodeKey } from "./head_elements.ts";
import { isPlainIsland, wrapIsland } from "./island_boundary.ts";
import { markActiveLink } from "./active_links.ts";
import { PARTIALS_ARE_LEFT_OUT } from "./partial.ts";
import type { RenderState } from "./render_state.ts";

type Props = Record<string, unknown>;
type BeforeDiff = (vnode: VNode<Props>) => void;

let current: RenderState | null = null;

/** Runs `work` with the hook collecting into `state`. */
export function withRenderState<Result>(
  state: RenderState,
  work: () => Result,
): Result {
  const previous = current;
  current = state;
  setHeadCollector((children) => {
    state.headVNodes.push(...flattenHead(children));
  });
  try {
    return work();
  } finally {
    current = previous;
    if (previous === null) setHeadCollector(null);
  }
}

// `__b` is the name under which Preact's packages share the hook that runs before a vnode is rendered;
// preact-render-to-string and @preact/signals use it in the same way.
const hooks = options as typeof options & { __b?: BeforeDiff };
const previousHook = hooks.__b;

hooks.__b = (vnode) => {
  if (current !== null) visit(vnode, current);
  previousHook?.(vnode);
};

function visit(vnode: VNode<Props>, state: RenderState): void {
  const { type } = vnode;
  if (typeof type === "string") {
    visitElement(vnode, type, state);
    return;
  }
  if (type === Fragment) {
    const template = vnode.props.tpl;
    if (template !== undefined) assertTemplate(template as string[]);
    return;
  }
  const island = state.islandOf.get(type);
  if (island !== undefined && !isPlainIsland(vnode)) {
    wrapIsland(vnode, island, state);
  }
}

function visitElement(
  vnode: VNode<Props>,
  type: string,
  state: RenderState,
): void {
  const { props } = vnode;
  switch (type) {
    case "script":
    case "style":
      props.nonce ??= state.nonce;
      break;
    case "img":
    case "source":
      if (typeof props.src === "string") props.src = asset(props.src);
      addSrcSet(props, "srcset");
      addSrcSet(props, "srcSet");
      break;
    case "a":
      markActiveLink(props, state.pathname);
      break;
    case "head":
      state.isInsideHead = true;
      return;
    case "body":
      state.isInsideHead = false;
      break;
  }
  if (props["f-client-nav"]) throw new Error(PARTIALS_ARE_LEFT_OUT);
  if (state.isInsideHead) rememberHeadElement(vnode, state);
}

function addSrcSet(props: Props, name: string): void {
  const value = props[name];
  if (typeof value === "string") props[name] = assetSrcSet(value);
}

function rememberHeadElement(vnode: VNode<Props>, state: RenderState): void {
  const key = headVNodeKey(vnode);
  if (key !== null) state.documentHead.push({ key, vnode });
}

/** Templates are constants of their module, so each is looked at once. */
const checkedTemplates = new WeakSet<string[]>();
const CLIENT_NAVIGATION = /<[^>]*\sf-client-nav(?![\w-])(?!="?false)/;

function assertTemplate(template: string[]): void {
  if (checkedTemplates.has(template)) return;
  if (template.some((part) => CLIENT_NAVIGATION.test(part))) {
    throw new Error(PARTIALS_ARE_LEFT_OUT);
  }
  checkedTemplates.add(template);
}
