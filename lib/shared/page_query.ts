/** Which page of a list is wanted. */
export interface PageQuery {
  /** Items at most, from 1 to 200. */
  limit: number;
  /** Where the page before ended, as its `nextCursor` said; null for the first page. */
  cursor: string | null;
}
