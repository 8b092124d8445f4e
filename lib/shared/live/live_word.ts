/** Id of the element that says how the live connection is; it is hidden while all is well. */
export const LIVE_WORD_ID = "side-live";
