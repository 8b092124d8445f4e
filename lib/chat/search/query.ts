/** What somebody looks for, out of what they typed. */
import { AppError } from "@/lib/errors.ts";
import { tokensOf } from "./tokens.ts";

/** Terms that have to follow each other; most often it is one. */
export interface Clause {
  terms: readonly string[];
  /** The last term may go on: it is still being typed, or begins a compound. */
  isPrefix: boolean;
}

/** Longest query, in characters. */
export const MAX_QUERY_LENGTH = 500;
/** Clauses that count; each further one is ignored. */
const MAX_CLAUSES = 12;

/**
 * Every clause has to be found: each word, and each "quoted phrase" in its order. The last one may be the
 * beginning of a word, unless it is quoted.
 * @throws {AppError} 400 `invalid_request`, path `q`, when it is empty, has no word or is too long
 */
export function parseQuery(text: string): Clause[] {
  if (text.trim() === "") throw refused("must not be empty");
  if (text.length > MAX_QUERY_LENGTH) {
    throw refused(`must have at most ${MAX_QUERY_LENGTH} characters`);
  }
  const clauses: Clause[] = [];
  for (const [, quoted, open, plain] of text.matchAll(PARTS)) {
    const part = quoted ?? open ?? plain;
    const tokens = [...tokensOf(part)].filter(({ isTail }) => !isTail);
    if (tokens.length === 0) continue;
    clauses.push({
      terms: tokens.map(({ term }) => term),
      isPrefix: quoted === undefined,
    });
  }
  if (clauses.length === 0) throw refused("must have a letter or a digit");
  return clauses.slice(0, MAX_CLAUSES).map((clause, index, { length }) => ({
    terms: clause.terms,
    isPrefix: clause.isPrefix &&
      (index === length - 1 || isOneCharacter(clause.terms)),
  }));
}

/** Quoted; quoted without an end, as it is while somebody types; a word. */
const PARTS = /["“„]([^"“”„]*)["”“]|["“„]([^"“”„]*)$|([^\s"“”„]+)/g;

/** A single character of a script without spaces is found in pairs, whose beginning it is. */
function isOneCharacter(terms: readonly string[]): boolean {
  const [term] = terms;
  return terms.length === 1 && [...term].length === 1 &&
    term.charCodeAt(0) >= 0x0e00;
}

function refused(message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `q ${message}`,
    errors: [{ path: "q", message }],
  });
}
