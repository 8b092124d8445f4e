import type { VNode } from "preact";
import type { Clock } from "@/lib/shared/clock.ts";
import { formatMoment } from "@/lib/shared/format.ts";
import { type Found, searchPath } from "@/lib/shared/search/as_you_type.ts";
import type { SearchResult } from "@/lib/shared/search/search_wire.ts";
import { Icon } from "../Icon.tsx";
import { Marked } from "./Marked.tsx";

export interface SearchResultsProps {
  found: Found;
  clock: Clock;
  /** Not the first page of results. */
  isLater: boolean;
}

/** What was found, or why nothing was. */
export function SearchResults(
  { found, clock, isLater }: SearchResultsProps,
): VNode {
  if (found.type === "nothing") {
    return (
      <p class="hint mt-4">
        Titles, questions and answers are searched. Put a phrase in quotes to
        keep its words together. The last word may be unfinished.
      </p>
    );
  }
  if (found.type === "trouble") {
    return (
      <div class="callout mt-4" data-kind="warn" role="alert">
        <Icon name="alert" />
        <p>
          <strong>{found.message}</strong> Your threads are safe.
        </p>
        <div class="btn-row">
          <a class="btn btn-small" href={searchPath(found.query)}>
            Search again
          </a>
        </div>
      </div>
    );
  }
  const { query, page: { items, nextCursor } } = found;
  if (items.length === 0) {
    return (
      <div class="empty">
        <h2>{isLater ? "No more threads" : "No thread found"}</h2>
        <p class="soft">
          {isLater
            ? `These are all the threads with “${query}”.`
            : `No thread has “${query}”. All words have to be in it; deleted and temporary threads are not searched.`}
        </p>
        <a class="btn" href="/search">Search for something else</a>
      </div>
    );
  }
  return (
    <>
      <ol class="found">
        {items.map((result) => (
          <Result key={result.threadId} result={result} clock={clock} />
        ))}
      </ol>
      {(isLater || nextCursor !== null) && (
        <nav class="pager" aria-label="Pages of results">
          {isLater && (
            <a class="btn btn-small" href={searchPath(query)}>Best</a>
          )}
          {nextCursor !== null && (
            <a class="btn btn-small" href={searchPath(query, nextCursor)}>
              Show more
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function Result(
  { result, clock }: { result: SearchResult; clock: Clock },
): VNode {
  const { threadId, title, titleRanges, updatedAt, archived, matches } = result;
  const { nowMs, timeZone } = clock;
  return (
    <li>
      <h2 class="found-head">
        <a href={`/c/${threadId}`}>
          <Marked text={title} ranges={titleRanges} />
        </a>
        {archived && <span class="badge">Archived</span>}
        <time class="hint" dateTime={updatedAt}>
          {formatMoment(new Date(updatedAt), new Date(nowMs), timeZone)}
        </time>
      </h2>
      {matches.map(({ messageId, role, snippet, ranges }) => (
        <a
          key={messageId}
          class="found-match"
          href={`/c/${threadId}#${messageId}`}
        >
          <span class="faint">
            {role === "user" ? "Question" : "Answer"}
          </span>
          <span>
            <Marked text={snippet} ranges={ranges} />
          </span>
        </a>
      ))}
    </li>
  );
}
