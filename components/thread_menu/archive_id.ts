/** Id of the disclosure of archived threads; what it holds loads when it is opened. */
export const ARCHIVE_ID = "archive";
