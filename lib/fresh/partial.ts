/** `<Partial>`: Fresh's client navigation, which this stand-in leaves out. */
import type { ComponentChildren, VNode } from "preact";

export interface PartialProps {
  children?: ComponentChildren;
  name: string;
  mode?: "replace" | "prepend" | "append";
}

/** The text of the error wherever client navigation is used. */
export const PARTIALS_ARE_LEFT_OUT =
  "Partials and 'f-client-nav' are not part of this stand-in for Fresh; use an island or switch to real Fresh (lib/fresh/README.md)";

/** Throws: parts of a page cannot be replaced one by one here. */
export function Partial(_props: PartialProps): VNode {
  throw new Error(PARTIALS_ARE_LEFT_OUT);
}
