/**
 * What is kept of a request's headers and of its response's: those that say how it was asked and what the
 * server told of it. All others, cookies and addresses among them, are left out, and of a credential only
 * its scheme stays.
 */
import type { KeptHeaders } from "./request_record.ts";

/** Names that are kept, and beginnings of names (with `*`). */
const REQUEST = [
  "accept",
  "accept-encoding",
  "authorization",
  "content-length",
  "content-type",
  "idempotency-key",
  "last-event-id",
  "openai-organization",
  "openai-project",
  "origin",
  "prefer",
  "traceparent",
  "user-agent",
  "x-freshet-*",
  "x-stainless-*",
];

const RESPONSE = [
  "cache-control",
  "content-type",
  "location",
  "preference-applied",
  "retry-after",
  "x-freshet-*",
  "x-ratelimit-*",
  "x-should-retry",
];

/** Headers of one kind that are kept. */
const MAX_HEADERS = 24;
const MAX_CHARACTERS = 160;

export function keptHeaders(request: Headers, response: Headers): KeptHeaders {
  return {
    request: kept(request, REQUEST),
    response: kept(response, RESPONSE),
  };
}

function kept(headers: Headers, names: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (const [name, value] of headers) {
    const isKept = names.some((each) =>
      each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : name === each
    );
    if (isKept && all.length < MAX_HEADERS) {
      all.push([name, shown(name, value)]);
    }
  }
  return all;
}

function shown(name: string, value: string): string {
  if (name === "authorization") {
    const scheme = /^(\w{1,20}) /.exec(value);
    return scheme === null ? "…" : `${scheme[1]} …`;
  }
  return value.length <= MAX_CHARACTERS
    ? value
    : `${value.slice(0, MAX_CHARACTERS)}…`;
}
