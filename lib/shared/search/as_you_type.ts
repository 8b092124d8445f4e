/**
 * Searches while somebody types: a moment after the last key, and only for the newest words. An older
 * request is given up; what it would have answered is never shown.
 */
import type { Problem } from "@/lib/shared/wire.ts";
import type { SearchPage } from "./search_wire.ts";

/** Quiet before a search, in milliseconds. */
const QUIET_MS = 150;
/** How long a search may take, in milliseconds. */
const DEADLINE_MS = 15_000;
/** Threads on a page of results. */
export const RESULTS_PER_PAGE = 20;

/** What there is to show for a query. */
export type Found =
  /** Nothing was asked for. */
  | { type: "nothing" }
  | { type: "results"; query: string; page: SearchPage }
  /** Words for a person. */
  | { type: "trouble"; query: string; message: string };

export interface AsYouTypeOptions {
  fetch: (
    path: string,
    init: RequestInit & { signal: AbortSignal },
  ) => Promise<Response>;
  onFound: (found: Found) => void;
}

/** Address of the search page for a query. */
export function searchPath(query: string, cursor: string | null = null) {
  const fields = new URLSearchParams();
  if (query !== "") fields.set("q", query);
  if (cursor !== null) fields.set("cursor", cursor);
  return fields.size === 0 ? "/search" : `/search?${fields}`;
}

export class AsYouType {
  readonly #options: AsYouTypeOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request = new AbortController();

  constructor(options: AsYouTypeOptions) {
    this.#options = options;
  }

  /** The words are these now; searches for them after `quietMs`. */
  ask(text: string, quietMs = QUIET_MS): void {
    this.stop();
    const query = text.trim();
    if (query === "") {
      this.#options.onFound({ type: "nothing" });
      return;
    }
    const request = this.#request = new AbortController();
    this.#timer = setTimeout(() => void this.#search(query, request), quietMs);
  }

  /** Gives up whatever is under way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#request.abort();
  }

  async #search(query: string, request: AbortController): Promise<void> {
    const deadline = setTimeout(() => {
      request.abort();
      this.#options.onFound(unreached(query));
    }, DEADLINE_MS);
    try {
      const fields = new URLSearchParams({
        q: query,
        limit: String(RESULTS_PER_PAGE),
      });
      const response = await this.#options.fetch(`/api/search?${fields}`, {
        signal: request.signal,
      });
      const found: Found = response.ok
        ? { type: "results", query, page: await response.json() }
        : { type: "trouble", query, message: await reasonOf(response) };
      if (!request.signal.aborted) this.#options.onFound(found);
    } catch {
      if (!request.signal.aborted) this.#options.onFound(unreached(query));
    } finally {
      clearTimeout(deadline);
    }
  }
}

function unreached(query: string): Found {
  return {
    type: "trouble",
    query,
    message: "The search stopped: the server could not be reached.",
  };
}

/** What the server says is wrong, in words for a person. */
async function reasonOf(response: Response): Promise<string> {
  if (response.status === 400) return NOT_SEARCHABLE;
  try {
    const { detail }: Partial<Problem> = await response.json();
    if (detail !== undefined) return detail;
  } catch {
    // No problem document: the status has to do.
  }
  return `The search stopped: the server answered with ${response.status}.`;
}

/** For a query that the server takes for none. */
export const NOT_SEARCHABLE =
  "There is no word to search for. Type a letter or a digit, and at most 500 characters.";
