/**
 * Formulas as data. A chunk of its own, loaded with the first formula: KaTeX writes MathML as a string,
 * which is parsed here against a list of what MathML may hold, so nothing else ever reaches the page.
 */
import katex from "katex";

/** An element of a formula, or a text. */
export type MathNode = string | {
  tag: string;
  attributes: Record<string, string>;
  children: MathNode[];
};

const TAGS = new Set(
  ("math semantics mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom " +
    "msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mlabeledtr mtd menclose")
    .split(" "),
);

const ATTRIBUTES = new Set(
  ("display mathvariant stretchy fence separator lspace rspace minsize maxsize symmetric movablelimits " +
    "accent accentunder linethickness displaystyle scriptlevel columnalign rowalign columnspacing rowspacing " +
    "columnlines rowlines width height depth voffset notation mathcolor mathbackground form largeop")
    .split(" "),
);

/** Left out with all they hold: the source beside the formula. */
const DROPPED = new Set(["annotation", "annotation-xml"]);

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

const PART =
  /<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) =>
      hex !== undefined
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : decimal !== undefined
        ? String.fromCodePoint(Number(decimal))
        : ENTITIES[name!] ?? whole,
  );
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (ATTRIBUTES.has(name)) attributes[name] = decode(value);
  }
  return attributes;
}

/** The allowed part of a MathML string. */
export function parseMathMl(source: string): MathNode[] {
  const root: MathNode[] = [];
  const open: { tag: string; children: MathNode[] }[] = [
    { tag: "", children: root },
  ];
  let dropping = 0;
  for (
    const [, closing, tag, attributes, empty, text] of source.matchAll(PART)
  ) {
    if (text !== undefined) {
      if (dropping === 0) open.at(-1)!.children.push(decode(text));
    } else if (DROPPED.has(tag)) {
      if (!empty) dropping += closing ? -1 : 1;
    } else if (dropping > 0) {
      continue;
    } else if (closing) {
      if (open.length > 1 && open.at(-1)!.tag === tag) open.pop();
    } else {
      const children: MathNode[] = [];
      const parent = open.at(-1)!.children;
      if (TAGS.has(tag)) {
        parent.push({ tag, attributes: readAttributes(attributes), children });
        if (!empty) open.push({ tag, children });
      } else if (!empty) open.push({ tag, children: parent });
    }
  }
  return root;
}

/** A formula as MathML; null when it is no TeX that KaTeX knows. */
export function toMathMl(tex: string, isBlock: boolean): MathNode[] | null {
  try {
    return parseMathMl(katex.renderToString(tex, {
      output: "mathml",
      displayMode: isBlock,
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxExpand: 500,
      maxSize: 20,
    }));
  } catch {
    return null;
  }
}
