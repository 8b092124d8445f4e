import type { Doorbell, Doorbells } from "./doorbell.ts";
import type { Incarnation } from "./incarnation.ts";
import { inboxBellKey, inboxKey, inboxRows } from "./keys.ts";
import { get, list } from "./reads.ts";
import type { Store, Versioned } from "./store.ts";
import { newToken } from "./token.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** `stop`: end a run. `follow`: somebody in another process reads a run's log. `job`: cancel a job. */
export type InboxKind = "stop" | "follow" | "job";

/** What another process asks of the owner of a run. */
export interface InboxRecord extends Versioned {
  readonly v: 1;
  readonly kind: InboxKind;
  readonly ws: string;
  /** Run or job that is meant. */
  readonly id: string;
}

/** A row that its owner has not taken by then is wanted no more. */
const ROW_EXPIRES_MS = 60_000;

/** Puts a row into the inbox of an incarnation, in the unit of what it belongs to. */
export function tellOwner(
  unit: UnitOfWork,
  owner: string,
  row: Omit<InboxRecord, "v">,
): UnitOfWork {
  const options = { expireInMs: ROW_EXPIRES_MS };
  return unit
    .guard(inboxKey(owner, newToken()), null, { v: 1, ...row }, options)
    .set(inboxBellKey(owner), { v: 1, token: newToken() }, options);
}

/** Reads what other processes ask of an incarnation, while it has something that they could ask about. */
export class Inbox {
  readonly #store: Store;
  readonly #incarnation: Incarnation;
  readonly #handle: (row: InboxRecord) => void;
  readonly #isWanted: () => boolean;
  readonly #ended = new AbortController();
  readonly #doorbell: Doorbell;
  #bell: string | null = null;

  constructor(
    store: Store,
    doorbells: Doorbells,
    incarnation: Incarnation,
    { handle, isWanted }: {
      handle: (row: InboxRecord) => void;
      /** Whether anything is owned; nobody asks else. */
      isWanted: () => boolean;
    },
  ) {
    this.#store = store;
    this.#incarnation = incarnation;
    this.#doorbell = doorbells.add(inboxBellKey(incarnation.id));
    this.#handle = handle;
    this.#isWanted = isWanted;
  }

  /** Begins to look. A store in memory has no other process. */
  start(): void {
    if (this.#store.kind !== "memory") void this.#listen();
  }

  stop(): void {
    this.#ended.abort();
    this.#doorbell.remove();
  }

  async #listen(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#doorbell.wait(signal);
      // A read that fails is made up for by the next one.
      if (!signal.aborted && this.#isWanted()) {
        await this.#look().catch(() => {});
      }
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#ended;
    const { id, lane } = this.#incarnation;
    const bell = await get(this.#store, inboxBellKey(id), { signal });
    if (bell.versionstamp === this.#bell) return;
    const rows = await Array.fromAsync(
      list<InboxRecord>(this.#store, inboxRows(id), { signal }),
    );
    for (const { value } of rows) this.#handle(value);
    if (rows.length > 0) {
      await lane.write({
        deletes: rows.map(({ key }) => key),
        urgency: "soon",
      });
    }
    this.#bell = bell.versionstamp;
  }
}
