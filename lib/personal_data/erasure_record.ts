/** An erasure as the store keeps it, so that whoever finds it goes on with it. */

/**
 * `data`: what the user had when they asked; they go on using their account. `account`: all there is, the
 * user is gone. `workspace`: all there is, the workspace is gone.
 */
export type ErasureKind = "data" | "account" | "workspace";

/**
 * `threads` are marked as deleted and go with their messages and runs; then the other `rows` of the
 * space; then what `programs` left of the user's in the workspace. `late` looks again after an hour, for
 * what was on its way then.
 */
export type ErasurePhase = "threads" | "rows" | "programs" | "late";

export interface ErasureRecord {
  v: 1;
  /** Names this erasure among those of the same user; an order that is given again begins anew. */
  id: string;
  kind: ErasureKind;
  /** Only what was made before then, milliseconds since 1970 UTC; null: everything. */
  beforeMs: number | null;
  phase: ErasurePhase;
  /** Nothing is to be done before then. */
  dueAtMs: number;
}

/** An erasure that is not done. */
export interface Erasure {
  workspace: string;
  user: string;
  record: ErasureRecord;
  versionstamp: string;
}
