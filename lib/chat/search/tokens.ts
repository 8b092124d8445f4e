/**
 * Words as the search knows them: without case and diacritics, whatever the composition of the text. A
 * script that is written without spaces is cut into pairs of characters.
 */

export interface Token {
  /** The word as it is indexed. */
  term: string;
  /** Where it is in the text, in UTF-16 code units. */
  start: number;
  end: number;
  /** The last character of a run of pairs, so that a search for one character finds it there too. */
  isTail: boolean;
  /** One character or a pair of a script without spaces. */
  isPair: boolean;
}

/** Longest term, in UTF-16 code units; what is longer counts by its beginning. */
const MAX_TERM_LENGTH = 64;

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** From here on scripts may be written without spaces. */
const FIRST_UNSPACED = 0x0e00;
const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}ー\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const RUN = new RegExp(`([${UNSPACED}]+)|[^${UNSPACED}]+`, "gu");

/** Signs above and below letters, of scripts in which a word stays the same word without them. */
const DIACRITICS =
  /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]/g;
const LETTERS: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ı: "i",
  ς: "σ",
};
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
// deno-lint-ignore no-control-regex -- the range is ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** A word as it is indexed. */
export function normalise(word: string): string {
  const term = ASCII.test(word) ? word.toLowerCase() : word.normalize("NFKD")
    .toLowerCase().replace(DIACRITICS, "")
    .replace(SPECIAL, (letter) => LETTERS[letter]).normalize("NFC");
  return term.length <= MAX_TERM_LENGTH
    ? term
    : term.slice(0, MAX_TERM_LENGTH).toWellFormed();
}

/** The words of a text, in their order. */
export function* tokensOf(text: string): Generator<Token, void, void> {
  WORD.lastIndex = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!mayBeUnspaced(word)) {
      yield whole(word, index);
      continue;
    }
    for (const run of word.matchAll(RUN)) {
      const start = index + run.index;
      if (run[1] === undefined) yield whole(run[0], start);
      else yield* pairsOf(run[0], start);
    }
  }
}

function mayBeUnspaced(word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if (word.charCodeAt(index) >= FIRST_UNSPACED) return true;
  }
  return false;
}

function whole(word: string, start: number): Token {
  return {
    term: normalise(word),
    start,
    end: start + word.length,
    isTail: false,
    isPair: false,
  };
}

function* pairsOf(run: string, start: number): Generator<Token, void, void> {
  const characters = [...run];
  let at = start;
  for (let index = 0; index < characters.length; index += 1) {
    const isLast = index === characters.length - 1;
    const pair = characters[index] + (isLast ? "" : characters[index + 1]);
    yield {
      term: normalise(pair),
      start: at,
      end: at + pair.length,
      isTail: isLast && index > 0,
      isPair: true,
    };
    at += characters[index].length;
  }
}
