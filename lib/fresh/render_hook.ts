/**
 * Follows Preact while it renders a page: islands get their markers, scripts and styles the nonce,
 * images their cache key, links to this page a mark. Only vnodes are seen, so precompiled markup costs
 * nothing.
 */
import { options } from "preact";
import type { ComponentChildren, VNode } from "preact";
import { asset, assetSrcSet } from "./asset.ts";
import { setHeadCollector } from "./head.ts";
import { flattenHead, headVNodeKey } from "./head_elements.ts";
import { isPlainIsland, wrapIsland } from "./island_boundary.ts";
import { activeLinkProps } from "./active_links.ts";
import { PARTIALS_ARE_LEFT_OUT } from "./partial.ts";
import {
  currentRenderState,
  type RenderState,
  setRenderState,
} from "./render_state.ts";

type Props = Record<string, unknown> & { children?: ComponentChildren };
type BeforeDiff = (vnode: VNode<Props>) => void;

/** Runs `work` with the hook collecting into `state`. */
export function withRenderState<Result>(
  state: RenderState,
  work: () => Result,
): Result {
  const previous = setRenderState(state);
  setHeadCollector((children) => {
    state.headVNodes.push(...flattenHead(children));
  });
  try {
    return work();
  } finally {
    setRenderState(previous);
    setHeadCollector(null);
  }
}

// `__b` is the name under which Preact's packages share the hook that runs before a vnode is rendered;
// preact-render-to-string and @preact/signals use it in the same way.
const hooks = options as typeof options & { __b?: BeforeDiff };
const previousHook = hooks.__b;

hooks.__b = (vnode) => {
  const state = currentRenderState();
  if (state !== null) visit(vnode, state);
  previousHook?.(vnode);
};

function visit(vnode: VNode<Props>, state: RenderState): void {
  const { type } = vnode;
  if (typeof type === "string") {
    visitElement(vnode, type, state);
    return;
  }
  const island = state.islandOf.get(type);
  if (island !== undefined && !isPlainIsland(vnode)) {
    wrapIsland(vnode, island);
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
      changeProps(vnode, { nonce: state.nonce });
      break;
    case "img":
    case "source":
      changeProps(vnode, assetProps(originalProps(props)));
      break;
    case "a":
      changeProps(vnode, activeLinkProps(props.href, state.pathname));
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

/**
 * What the props were before this hook added to them: a vnode that is a constant of its module comes
 * by with every page, and must not keep the nonce of an earlier one.
 */
const originals = new WeakMap<Props, Props>();

function originalProps(props: Props): Props {
  return originals.get(props) ?? props;
}

/** Adds props that the element does not have itself. */
function changeProps(vnode: VNode<Props>, added: Props | null): void {
  const original = originalProps(vnode.props);
  if (added === null) {
    vnode.props = original as typeof vnode.props;
    return;
  }
  const props = { ...original };
  for (const [name, value] of Object.entries(added)) {
    if (name in SOURCE_PROPS || props[name] === undefined) props[name] = value;
  }
  originals.set(props, original);
  vnode.props = props as typeof vnode.props;
}

/** These are replaced, any others only added. */
const SOURCE_PROPS = { src: true, srcset: true, srcSet: true };

function assetProps(props: Props): Props {
  const changed: Props = {};
  if (typeof props.src === "string") changed.src = asset(props.src);
  for (const name of ["srcset", "srcSet"]) {
    const value = props[name];
    if (typeof value === "string") changed[name] = assetSrcSet(value);
  }
  return changed;
}

function rememberHeadElement(vnode: VNode<Props>, state: RenderState): void {
  const key = headVNodeKey(vnode);
  if (key !== null) state.documentHead.push({ key, vnode });
}

// Precompiled markup gives its attributes to this hook.
const previousAttributeHook = options.attr;
options.attr = (name, value) => {
  if (name === "f-client-nav" && value) throw new Error(PARTIALS_ARE_LEFT_OUT);
  return previousAttributeHook?.(name, value);
};
