/** Longest line that is offered as a title, in characters as people count them. */
const MAX_CHARACTERS = 120;

/** Marks of Markdown before the words of a line, and around words in it. */
const LEADING_MARKS = /^\s*(?:(?:#{1,6}|[-*+>]|\d{1,9}[.)])(?:\s+|$))+/;
const FENCE = /^\s*(?:```|~~~|\|?[\s:|-]+\|?$)/;

/** The first line of a message that has words, without Markdown's marks, cut to a title's length. */
export function firstLine(text: string): string {
  for (const line of text.split("\n")) {
    if (FENCE.test(line)) continue;
    const words = line.replace(LEADING_MARKS, "")
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/(\*\*|__|`|~~)(.+?)\1/g, "$2")
      .trim();
    if (words === "") continue;
    const characters = [...words];
    return characters.length <= MAX_CHARACTERS
      ? words
      : `${characters.slice(0, MAX_CHARACTERS - 1).join("")}…`;
  }
  return "";
}
