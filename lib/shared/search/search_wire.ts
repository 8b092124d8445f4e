/** What `/api/search` answers; types only. */

/** From and to in UTF-16 code units; to is behind the last. */
export type TextRange = [start: number, end: number];

export interface MessageMatch {
  messageId: string;
  role: "user" | "assistant" | "system";
  /** The piece of the message that matches, on one line. */
  snippet: string;
  ranges: TextRange[];
}

export interface SearchResult {
  threadId: string;
  title: string;
  /** What of the title matches. */
  titleRanges: TextRange[];
  updatedAt: string;
  archived: boolean;
  /** The messages that match best, at most three; none when only the title does. */
  matches: MessageMatch[];
}

export interface SearchPage {
  items: SearchResult[];
  nextCursor: string | null;
}
