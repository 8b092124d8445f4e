/**
 * Packs summaries of requests into pages: one for each workspace and minute, of the requests that came in
 * then, as long as it is not full. A page is written anew, whole, with each batch of records that adds to
 * it, in the same atomic, so that it costs no round trip and no work afterwards.
 */
import { requestPageKey } from "@/lib/kv/keys.ts";
import { newIdText } from "@/lib/shared/ids.ts";
import { timeOf } from "./request_time.ts";
import { encodeSummaries, type RequestSummary } from "./request_summary.ts";

export const PAGE_MS = 60_000;

/** Requests of a page: it is written once for each of them where few come in. */
export const PAGE_REQUESTS = 40;

/** Pages that are added to; what ends very late begins another page of its minute. */
const MAX_OPEN = 256;

interface OpenPage {
  key: Deno.KvKey;
  minuteMs: number;
  summaries: RequestSummary[];
}

/** A page as it is to be written. */
export interface WrittenPage {
  key: Deno.KvKey;
  rows: Uint8Array;
  /** When its minute begins, milliseconds since 1970 UTC. */
  minuteMs: number;
}

/** The minute of a request, as the time at which it begins. */
export function minuteOf(request: string): number {
  return Math.floor(timeOf(request) / PAGE_MS) * PAGE_MS;
}

export class RequestPages {
  /** Tells the pages of this process from those of all others. */
  readonly #writer = newIdText();
  #parts = 0;
  readonly #open = new Map<string, OpenPage>();

  /** Adds requests. @returns the pages that have changed; write them all, or call `forget` */
  add(
    items: readonly { workspace: string; summary: RequestSummary }[],
  ): WrittenPage[] {
    const changed = new Set<OpenPage>();
    for (const { workspace, summary } of items) {
      const minuteMs = minuteOf(summary.id);
      const name = `${minuteMs} ${workspace}`;
      let page = this.#open.get(name);
      if (page === undefined || page.summaries.length === PAGE_REQUESTS) {
        page = {
          key: requestPageKey(
            workspace,
            minuteMs,
            this.#writer,
            this.#parts++,
          ),
          minuteMs,
          summaries: [],
        };
      }
      page.summaries.push(summary);
      changed.add(page);
      // The one that was added to last is the last to go.
      this.#open.delete(name);
      this.#open.set(name, page);
    }
    for (const name of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(name);
    }
    return [...changed].map(({ key, minuteMs, summaries }) => ({
      key,
      minuteMs,
      rows: encodeSummaries(summaries),
    }));
  }

  /** It is not known what of the last pages was written: nothing more is added to any. */
  forget(): void {
    this.#open.clear();
  }
}
