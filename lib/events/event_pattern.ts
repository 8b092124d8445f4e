/** Patterns by which subscribers choose events: a type, `noun.*`, `*.verb` or `*`. */
import { EVENT_CATALOGUE, eventFacts } from "./event_catalogue.ts";

const PATTERN = /^(?:\*|(?:[a-z_]+|\*)\.(?:[a-z_]+|\*))$/;

function covers(pattern: string, type: string): boolean {
  if (pattern === type) return true;
  if (eventFacts(type)?.isNamedOnly === true) return false;
  if (pattern === "*") return true;
  const [noun, verb] = pattern.split(".");
  const [ofNoun, ofVerb] = type.split(".");
  return (noun === "*" || noun === ofNoun) && (verb === "*" || verb === ofVerb);
}

/** Whether one of the patterns stands for events of a type; none does for a type that is not known. */
export function matchesEvent(
  patterns: readonly string[],
  type: string,
): boolean {
  return eventFacts(type) !== null &&
    patterns.some((pattern) => covers(pattern, type));
}

/** Whether a text is a pattern that stands for at least one event there is. */
export function isEventPattern(text: string): boolean {
  return PATTERN.test(text) &&
    Object.keys(EVENT_CATALOGUE).some((type) => covers(text, type));
}
