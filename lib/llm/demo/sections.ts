/** Freshet's manual in pieces that can be found and quoted. */

/** The text under one heading of one page. */
export interface Section {
  /** Number in the manual, from 0. */
  id: number;
  /** Path from the root of the project, for example `docs/settings.md`. */
  page: string;
  /** The headings that lead to it, outermost first. */
  headings: string[];
  /** Markdown below the heading, without it. */
  text: string;
}

const HEADING = /^(#{1,4}) +(.+?)(?: +#+)?$/;
const FENCE = /^ {0,3}(```|~~~)/;

/** Splits a page at its headings; headings inside code are code. Pieces without text are left out. */
export function splitPage(
  page: string,
  markdown: string,
): Omit<Section, "id">[] {
  const sections: Omit<Section, "id">[] = [];
  let headings: string[] = [];
  let lines: string[] = [];
  let fence: string | null = null;
  const close = () => {
    const text = lines.join("\n").trim();
    if (text !== "") sections.push({ page, headings, text });
    lines = [];
  };
  for (const line of markdown.split(/\r?\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === null) fence = mark;
      else if (fence === mark) fence = null;
    }
    const heading = fence === null ? HEADING.exec(line) : null;
    if (heading === null) lines.push(line);
    else {
      close();
      const level = heading[1].length;
      headings = [...headings.slice(0, level - 1), heading[2]];
    }
  }
  close();
  return sections;
}

/** Whole paragraphs of a text up to about a length; a fence that is open is never cut. */
export function excerpt(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const blocks: string[] = [];
  let inFence = false;
  for (const paragraph of text.split(/\n{2,}/)) {
    if (inFence) blocks[blocks.length - 1] += `\n\n${paragraph}`;
    else blocks.push(paragraph);
    const marks = paragraph.split("\n").filter((line) => FENCE.test(line));
    if (marks.length % 2 === 1) inFence = !inFence;
  }
  let length = 0;
  const kept = blocks.filter((block, index) => {
    length += block.length + 2;
    return index === 0 || length <= maxCharacters;
  });
  return kept.length < blocks.length ? `${kept.join("\n\n")}\n\n…` : text;
}
