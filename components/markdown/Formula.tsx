import { type ComponentChild, Fragment, h, type VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { MathNode } from "@/lib/shared/markdown/mathml.ts";

function toVNode(node: MathNode, key: number): ComponentChild {
  if (typeof node === "string") return node;
  return h(node.tag, { ...node.attributes, key }, node.children.map(toVNode));
}

/** A formula: its TeX source at first, MathML as soon as that chunk is there. */
export function Formula(
  { tex, isBlock }: { tex: string; isBlock: boolean },
): VNode {
  const [nodes, setNodes] = useState<MathNode[] | null>(null);
  useEffect(() => {
    let isWanted = true;
    import("@/lib/shared/markdown/mathml.ts").then(
      ({ toMathMl }) => {
        if (isWanted) setNodes(toMathMl(tex, isBlock));
      },
      // Without its chunk the source stays, which people who write TeX can read.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [tex, isBlock]);
  const content = nodes === null
    ? <code>{tex}</code>
    : h(Fragment, null, nodes.map(toVNode));
  return isBlock
    ? (
      <div
        class="formula"
        tabIndex={0}
        role="group"
        aria-label="Formula"
      >
        {content}
      </div>
    )
    : <span class="formula-inline">{content}</span>;
}
