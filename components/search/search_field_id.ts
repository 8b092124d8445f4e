/** The field of the search page. */
export const SEARCH_FIELD_ID = "search-field";
