import { StorageError } from "@/lib/errors.ts";
import { Bell } from "./bell.ts";
import { JobBell } from "./job_bell.ts";
import { type Clock, sleep, systemClock } from "@/lib/clock.ts";
import { withDeadline } from "./deadline.ts";
import { migrate, MIGRATIONS, type Schema } from "./migrations.ts";
import { isLocked } from "./refusal.ts";
import { assertNotRestoring } from "./restore_mark.ts";
import { identify, isReadOnly, SCHEMA_VERSION } from "./schema.ts";
import type { Store, StoreKind } from "./store.ts";

/** Which store to open, and how. */
export interface OpenOptions {
  /** `":memory:"`, the path of a file, the http(s) URL of a KV Connect server, or null: the platform's. */
  location: string | null;
  signal?: AbortSignal;
  clock?: Clock;
  /** Replaces the default of the store's kind, in milliseconds. */
  deadlineMs?: number;
  /** Puts something between the program and the store, such as a test's injected faults. */
  wrap?: (kv: Deno.Kv) => Deno.Kv;
  /** The schema this code writes and the way there; tests give their own. */
  schema?: Schema;
}

const LOCAL_DEADLINE_MS = 5_000;
const REMOTE_DEADLINE_MS = 10_000;
const LOCKED_PAUSE_MS = 50;

/**
 * Opens the store and finds out which one it is; a new one gets its generation. An older one on this
 * machine is migrated before this returns. A remote or platform store is left as it is, so that a start
 * does not wait for it: `migrate` runs beside the serving process.
 * @throws {StorageError} `storage_newer` when a local store was written by a newer version;
 *   `storage_restoring` while its file is being replaced;
 *   `storage_unavailable` when it cannot be opened or does not answer in time
 * @throws the signal's reason when it aborts
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { location, signal, clock = systemClock } = options;
  const kind = kindOf(location);
  const local = kind === "memory" || kind === "file";
  const deadlineMs = options.deadlineMs ??
    (local ? LOCAL_DEADLINE_MS : REMOTE_DEADLINE_MS);
  const schema = options.schema ??
    { version: SCHEMA_VERSION, migrations: MIGRATIONS };
  if (kind === "file") await assertNotRestoring(location!);
  const kv = await openKv(location, kind, { signal, clock, deadlineMs });
  try {
    const bare: Store = {
      kind,
      kv: options.wrap?.(kv) ?? kv,
      path: kind === "file" ? location : null,
      generation: "",
      readOnly: false,
      deadlineMs,
      clock,
      eventsBell: new Bell(),
      jobsBell: new JobBell(),
      close: () => kv.close(),
    };
    const identity = await identify(bare, schema.version, signal);
    const found = identity.schemaVersion;
    const readOnly = isReadOnly(kind, found, schema.version);
    const store: Store = { ...bare, generation: identity.generation, readOnly };
    if (local && found < schema.version) {
      await migrate(store, schema, { signal });
    }
    return store;
  } catch (error) {
    kv.close();
    throw error;
  }
}

function kindOf(location: string | null): StoreKind {
  if (location === null) return "platform";
  if (location === ":memory:") return "memory";
  return /^https?:\/\//.test(location) ? "remote" : "file";
}

async function openKv(
  location: string | null,
  kind: StoreKind,
  wait: { signal?: AbortSignal; clock: Clock; deadlineMs: number },
): Promise<Deno.Kv> {
  wait.signal?.throwIfAborted();
  try {
    if (kind === "file") await makeFolderOf(location!);
    const since = wait.clock.monotonic();
    while (true) {
      const opening = Deno.openKv(location ?? undefined);
      try {
        return await withDeadline(opening, { ...wait, what: "open" });
      } catch (error) {
        // Comes too late to be used; nobody else would close it.
        opening.then((kv) => kv.close(), () => {});
        const late = wait.clock.monotonic() - since > wait.deadlineMs;
        if (late || !isLocked(error)) throw error;
        // Another process is making the same file; the store is locked for that moment.
        await sleep(wait.clock, LOCKED_PAUSE_MS, wait.signal);
      }
    }
  } catch (cause) {
    if (wait.signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(
      `The store "${
        location ?? "of the platform"
      }" cannot be opened: ${reason}`,
      { cause },
    );
  }
}

async function makeFolderOf(path: string): Promise<void> {
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
}
