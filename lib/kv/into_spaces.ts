/**
 * Schema 2: rows of the one workspace of earlier versions move into the space they belong to, and
 * what the operator's rows say of it follows. See `lib/shared/spaces.ts`.
 */
import { FIRST_WORKSPACE, LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { ROWS_THAT_NAME_SPACES, spaceRows, spaceRowsOf } from "./keys.ts";
import type { Change, Migration } from "./migrations.ts";
import { list } from "./reads.ts";
import type { Store } from "./store.ts";

/** The first part of the keys of all tenant rows before schema 2. */
const BEFORE = "wsp_local";

/** Ledger, requests and their bodies belong to the workspace. */
const OF_WORKSPACE: ReadonlySet<unknown> = new Set(["lg", "rq", "ql", "qb"]);

/**
 * Kept for a short time only, and made anew by themselves: events, idempotency, answers in the cache,
 * deletions that could be undone for half a minute.
 */
const SHORT_LIVED: ReadonlySet<unknown> = new Set(
  ["e", "et", "ik", "ca", "ci", "cg", "kd", "pd"],
);

/** Kinds of rows whose third part is the id of a run, or of a thread. */
const OF_RUN_OR_THREAD: ReadonlySet<unknown> = new Set(
  ["r", "rc", "rp", "rs", "rl", "t", "ta", "m"],
);

/** Threads and runs that leave nothing behind: their rows expire where they are. */
async function temporaryIds(
  store: Store,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<unknown>> {
  const ids = new Set<unknown>();
  for (const kind of ["r", "t"] as const) {
    const rows = list<{ temporary?: boolean }>(
      store,
      spaceRowsOf(BEFORE, kind),
      { signal },
    );
    for await (const { key, value } of rows) {
      if (value.temporary) ids.add(key[2]);
    }
  }
  return ids;
}

async function moveTenantRows(
  store: Store,
  signal: AbortSignal | undefined,
): Promise<Change> {
  const temporary = await temporaryIds(store, signal);
  return ({ key, value }, unit) => {
    const [, kind, id] = key;
    if (OF_RUN_OR_THREAD.has(kind) && temporary.has(id)) return false;
    unit.delete(key);
    if (!SHORT_LIVED.has(kind)) {
      const space = OF_WORKSPACE.has(kind) ? FIRST_WORKSPACE : LOCAL_SPACE;
      unit.set([space, ...key.slice(1)], value as { v: number });
    }
    return true;
  };
}

/** Where the operator's rows of a kind name a workspace in their key, and what takes its place. */
const NAMED_IN_KEY: ReadonlyMap<unknown, string> = new Map([
  ["pg", LOCAL_SPACE],
  ["rx", LOCAL_SPACE],
  ["qh", FIRST_WORKSPACE],
]);

/** In all three the workspace stands behind a time. */
const PLACE_IN_KEY = 3;

const renameInKey: Change = ({ key, value }, unit) => {
  const space = NAMED_IN_KEY.get(key[1]);
  if (space === undefined || key[PLACE_IN_KEY] !== BEFORE) return false;
  const renamed = [...key];
  renamed[PLACE_IN_KEY] = space;
  unit.delete(key).set(renamed, value as { v: number });
  return true;
};

/** Who owns what names where that is. */
const renameOwned: Change = ({ key, value }, unit) => {
  const row = value as { v: number; ws: string };
  if (row.ws !== BEFORE) return false;
  unit.set(key, { ...row, ws: LOCAL_SPACE });
  return true;
};

export const INTO_SPACES: Migration = {
  to: 2,
  ranges: [spaceRows(BEFORE), ...ROWS_THAT_NAME_SPACES],
  async prepare(store, signal) {
    const moveTenantRow = await moveTenantRows(store, signal);
    return (row, unit) => {
      const [first, kind] = row.key;
      if (first === BEFORE) return moveTenantRow(row, unit);
      return kind === "own" ? renameOwned(row, unit) : renameInKey(row, unit);
    };
  },
};
