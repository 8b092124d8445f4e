/** Where a text is cut into chunks: behind a paragraph, else behind a sentence, a line or a word. */
import {
  CHUNK_CHARACTERS,
  LEAST_CHARACTERS,
  OVERLAP_CHARACTERS,
} from "./chunk.ts";

const BREAKS: readonly RegExp[] = [
  /\n\s*\n/g,
  /[.!?…。！？]+["'”’)\]]*(?=\s|$)|[。！？]/g,
  /\n/g,
  /\s+/g,
];

/** Length of the piece to cut off a text that is longer than a chunk. */
export function cutPlace(text: string): number {
  const window = text.slice(LEAST_CHARACTERS, CHUNK_CHARACTERS);
  for (const pattern of BREAKS) {
    let last = -1;
    for (const match of window.matchAll(pattern)) {
      last = match.index + match[0].length;
    }
    if (last !== -1) return LEAST_CHARACTERS + last;
  }
  return wholeCharacters(text, CHUNK_CHARACTERS);
}

/** Where the chunk behind a cut begins: some sentences before it, so that none is torn from its neighbour. */
export function overlapPlace(text: string, cut: number): number {
  const from = wholeCharacters(text, Math.max(0, cut - OVERLAP_CHARACTERS));
  const window = text.slice(from, cut);
  const sentence = /(?:[.!?…]["'”’)\]]*\s+|[。！？]|\n)(?=\S)/.exec(window);
  if (sentence !== null) return from + sentence.index + sentence[0].length;
  const word = /\s(?=\S)/.exec(window);
  return word === null ? cut : from + word.index + 1;
}

/** Never between the halves of a surrogate pair. */
function wholeCharacters(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
