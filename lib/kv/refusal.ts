/** What SQLite says when it is the file, the disk or another process that stands in the way. */
const ENGINE_FAILURE =
  /locked|is full|I\/O error|readonly database|unable to open|malformed|not a database|out of memory|interrupted|locking protocol|unknown error/i;

/**
 * Whether the store will never take what was sent, whoever sends it again. It says so by a `TypeError`
 * before anything leaves the process. The local store also wraps every failure of SQLite ("database is
 * locked", "database or disk is full") in one, and those pass; what a remote server answers is a plain
 * `Error` (seen with Deno 2.9).
 */
export function isRefusal(error: unknown): error is TypeError {
  return error instanceof TypeError && !isEngineFailure(error);
}

/** Whether another process holds the file for a moment. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && /locked/.test(error.message);
}

/** Whether the disk of the local store has no room: nothing was written, and trying on at once is no use. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /is full/.test(error.message);
}

/** Whether the local store failed for a reason that lies outside of what was asked of it. */
function isEngineFailure(error: unknown): boolean {
  return error instanceof Error && ENGINE_FAILURE.test(error.message);
}
