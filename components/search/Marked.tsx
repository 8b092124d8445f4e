import type { ComponentChildren, VNode } from "preact";
import type { TextRange } from "@/lib/shared/search/search_wire.ts";

/** A text with pieces of it marked; the ranges are in order and do not overlap. */
export function Marked(
  { text, ranges }: { text: string; ranges: readonly TextRange[] },
): VNode {
  const pieces: ComponentChildren[] = [];
  let at = 0;
  for (const [start, end] of ranges) {
    pieces.push(text.slice(at, start));
    pieces.push(<mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  pieces.push(text.slice(at));
  return <>{pieces}</>;
}
