/** Whether another process has purged answers of a workspace that this one has in memory. */
import type { Clock } from "@/lib/clock.ts";

export interface PurgeMarksParts {
  /** Reads what changes with every purge; see `CacheStore.purgeStamp`. */
  readStamp: (
    workspace: string,
    signal: AbortSignal,
  ) => Promise<string | null>;
  /** Told when a workspace has been purged since the last look. */
  onPurged: (workspace: string) => void;
  clock: Clock;
}

/** How long a look at the store holds, in milliseconds. */
const FRESH_MS = 1_000;
/** How long a look may take, in milliseconds; the store is not well when it takes longer. */
const LOOK_MS = 500;
/** Workspaces that are remembered. */
const MAX_WORKSPACES = 10_000;

interface Mark {
  /** Undefined: the store has never said. */
  stamp: string | null | undefined;
  /** Monotonic. */
  seenAtMs: number;
}

export class PurgeMarks {
  readonly #parts: PurgeMarksParts;
  readonly #marks = new Map<string, Mark>();
  readonly #looking = new Map<string, Promise<void>>();

  constructor(parts: PurgeMarksParts) {
    this.#parts = parts;
  }

  /** Whether the last look at the store still holds. */
  areFresh(workspace: string): boolean {
    const mark = this.#marks.get(workspace);
    return mark !== undefined &&
      this.#parts.clock.monotonic() - mark.seenAtMs < FRESH_MS;
  }

  /** What the last look has seen; undefined: the store has not said. */
  stampOf(workspace: string): string | null | undefined {
    return this.#marks.get(workspace)?.stamp;
  }

  /** Looks again when the last look does not hold any more. Never rejects: memory serves without a store. */
  async refresh(workspace: string): Promise<void> {
    if (this.areFresh(workspace)) return;
    let looking = this.#looking.get(workspace);
    if (looking === undefined) {
      looking = this.#look(workspace)
        .finally(() => this.#looking.delete(workspace));
      this.#looking.set(workspace, looking);
    }
    await looking;
  }

  /** This process has purged the workspace itself: the next look counts for nothing but the new stamp. */
  forget(workspace: string): void {
    this.#marks.delete(workspace);
  }

  async #look(workspace: string): Promise<void> {
    const { readStamp, onPurged, clock } = this.#parts;
    const seenAtMs = clock.monotonic();
    const before = this.#marks.get(workspace);
    let stamp = before?.stamp;
    const late = new AbortController();
    const cancel = clock.after(LOOK_MS, () => late.abort());
    try {
      stamp = await readStamp(workspace, late.signal);
    } catch {
      // Asked again in a second.
    } finally {
      cancel();
    }
    const isKnown = before?.stamp !== undefined;
    if (isKnown && before.stamp !== stamp) onPurged(workspace);
    this.#marks.delete(workspace);
    this.#marks.set(workspace, { stamp, seenAtMs });
    if (this.#marks.size > MAX_WORKSPACES) {
      const [oldest] = this.#marks.keys();
      this.#marks.delete(oldest);
      onPurged(oldest);
    }
  }
}
