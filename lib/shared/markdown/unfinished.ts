/**
 * What to do with markdown that is still being written: markers without their end would flash as signs
 * and then turn into style, so they are closed, or held back when nothing follows them yet.
 */

/** A line of nothing but markers: it may become a list, a heading, a rule, a fence or a table. */
const MARKER_LINE = /\n[ \t]*(?:[-=*+#>|~`]{1,3}|\d{1,9}[.)]?)[ \t]*$/;

/** A link or image that has not arrived as a whole: only its text is shown. */
const OPEN_LINK =
  /!?\[([^\]\n]*)\]\([^)\n]*$|(?<=^|[\s(])!?\[(?![ x]\]?$)([^\]\n]*)$/;

/** Markers at the very end, with nothing yet to mark. */
const TRAILING_MARKERS = /(?:\*{1,3}|_{1,3}|~~?|`{1,3}|\[|!\[?|\\|\$)$/;

const EMPHASIS = /^(?:\*{1,3}|_{1,3}|~~)/;

const isSpace = (character: string | undefined) =>
  character === undefined || /\s/.test(character);
const isWord = (character: string | undefined) =>
  character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** Where the inline text begins that open markers can belong to: after the last blank line or list marker. */
function lastRunStart(text: string): number {
  let start = 0;
  for (
    const match of text.matchAll(/\n[ \t>]*(?:\n|(?:[-*+]|\d{1,9}[.)])[ \t])/g)
  ) {
    start = match.index + match[0].length;
  }
  return start;
}

/** Markers that are open at the end of a run of inline text, outermost first. */
function openMarkers(text: string): string[] {
  const open: string[] = [];
  for (let index = 0; index < text.length;) {
    if (text[index] === "\\") {
      index += 2;
      continue;
    }
    if (text[index] === "`") {
      const ticks = /^`+/.exec(text.slice(index))![0];
      const end = text.indexOf(ticks, index + ticks.length);
      if (end === -1) return [...open, ticks];
      index = end + ticks.length;
      continue;
    }
    const marker = EMPHASIS.exec(text.slice(index))?.[0];
    if (marker === undefined) {
      index += 1;
      continue;
    }
    const before = text[index - 1];
    const after = text[index + marker.length];
    index += marker.length;
    if (marker[0] === "_" && isWord(before) && isWord(after)) continue;
    if (open.at(-1) === marker && !isSpace(before)) open.pop();
    else if (!isSpace(after)) open.push(marker);
  }
  return open;
}

/** The block as it would look if it ended here; the same text when nothing is open. */
export function closeUnfinished(block: string): string {
  let text = block.replace(MARKER_LINE, "");
  text = text.replace(OPEN_LINK, "$1$2");
  text = text.replace(TRAILING_MARKERS, "");
  const markers = openMarkers(text.slice(lastRunStart(text)));
  if (markers.length === 0) return text;
  return text.trimEnd() + markers.reverse().join("");
}
