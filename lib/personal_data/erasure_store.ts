/**
 * Erasures in the store: their orders, and rows that go in small atomics. Each of these checks and
 * rewrites the order, so a process that dies leaves the rest to whoever finds it, and two at it do not
 * harm each other. What is gone is not looked for again, so no place has to be remembered.
 */
import { auditEvent, type AuditFields } from "@/lib/audit/audit_event.ts";
import { programSpace, userSpace } from "@/lib/shared/spaces.ts";
import type { RunRecord } from "@/lib/chat/records.ts";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { idTimeBound } from "@/lib/shared/id_time.ts";
import { removeAlertsAbout } from "./erased_alerts_store.ts";
import { carryOn, ErasureBatch } from "./erasure_batch_store.ts";
import type { Erasure, ErasureKind, ErasureRecord } from "./erasure_record.ts";
import { type RowScope, takesRow } from "./erasure_scope.ts";

/** Rows fetched at a time; messages have up to 32 KB. */
const ROWS_PER_READ = 100;

const ORDER_ATTEMPTS = 5;

/** Kind of the rows of schedules. */
const SCHEDULES = "sc";

export class ErasureStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Milliseconds since 1970 UTC, as the store's clock has it. */
  now(): number {
    return this.#store.clock.now();
  }

  /** Whether an erasure has been ordered that is not done. */
  async isOrdered(workspace: string, user: string): Promise<boolean> {
    const key = keys.erasureKey(workspace, user);
    return (await get(this.#store, key)).versionstamp !== null;
  }

  /** Whether something of the user's is still to be erased. */
  async isPending(workspace: string, user: string): Promise<boolean> {
    const entry = await get<ErasureRecord>(
      this.#store,
      keys.erasureKey(workspace, user),
    );
    return entry.value !== null && entry.value.phase !== "late";
  }

  /** What orders an erasure, to be committed with what causes it; it takes the place of an earlier one. */
  async order(
    workspace: string,
    user: string,
    kind: ErasureKind,
    audited: Omit<AuditFields<"data.deleted">, "subject" | "details">,
  ): Promise<UnitOfWork> {
    const key = keys.erasureKey(workspace, user);
    const { value, versionstamp } = await get<ErasureRecord>(this.#store, key);
    const at = this.now();
    // What is to go as a whole is not kept because somebody asks for less of it.
    const before = value?.kind ?? "data";
    const wanted = kind === "data" ? before : kind;
    const record: ErasureRecord = {
      v: 1,
      id: newToken(),
      kind: wanted,
      beforeMs: wanted === "data" ? at : null,
      phase: "threads",
      dueAtMs: at,
    };
    return new UnitOfWork().guard(key, versionstamp, record).event(
      workspace,
      auditEvent("data.deleted", {
        ...audited,
        at,
        subject: user,
        details: { kind, owner: user },
      }),
    );
  }

  /** Orders the erasure of what a user has, at once. @throws {StorageError} when it could not be written */
  async orderNow(
    ...[workspace, user, kind, audited]: Parameters<ErasureStore["order"]>
  ): Promise<void> {
    for (let attempt = 0; attempt < ORDER_ATTEMPTS; attempt += 1) {
      const unit = await this.order(workspace, user, kind, audited);
      if ((await commit(this.#store, unit)).ok) return;
    }
    throw new StorageError("The deletion could not be noted.");
  }

  /** Erasures that are due at a time. */
  async *due(
    nowMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<Erasure, void, void> {
    const rows = list<ErasureRecord>(this.#store, keys.erasures(), { signal });
    for await (const { key, value, versionstamp } of rows) {
      if (value.dueAtMs > nowMs) continue;
      const { workspace, user } = keys.parseErasureKey(key);
      yield { workspace, user, record: value, versionstamp };
    }
  }

  /** Goes on to the next phase. @throws {ErasureContended} */
  async enter(
    erasure: Erasure,
    phase: ErasureRecord["phase"],
    dueAtMs = this.now(),
  ): Promise<void> {
    await carryOn(this.#store, erasure, { ...erasure.record, phase, dueAtMs });
  }

  /** Takes the order away. @throws {ErasureContended} */
  async finish(erasure: Erasure): Promise<void> {
    const { workspace, user, record } = erasure;
    // Two steps, since a row that is gone does not show whether its last change counted.
    await carryOn(this.#store, erasure, record);
    const key = keys.erasureKey(workspace, user);
    const unit = new UnitOfWork()
      .guard(key, erasure.versionstamp, record).delete(key)
      .delete(keys.lastExportKey(workspace, user));
    await commit(this.#store, unit);
  }

  /** Runs of a space that somebody owns now. */
  async runsUnderWay(space: string, signal: AbortSignal): Promise<string[]> {
    const owned: string[] = [];
    const rows = list<{ ws: string }>(this.#store, keys.ownedAfter(null), {
      signal,
    });
    for await (const { key, value } of rows) {
      const { kind, id } = keys.parseOwnKey(key);
      if (kind === "r" && value.ws === space) owned.push(id);
    }
    return owned;
  }

  /** Ids of threads that an erasure takes, those marked as deleted among them. */
  async *threads(
    { workspace, user, record: { beforeMs } }: Erasure,
    signal: AbortSignal,
  ): AsyncGenerator<string, void, void> {
    const space = userSpace(workspace, user);
    const rows = list<{ createdAt: string; id: string }>(
      this.#store,
      keys.threadsAfter(space, null),
      { signal },
    );
    for await (const { value } of rows) {
      if (beforeMs === null || Date.parse(value.createdAt) <= beforeMs) {
        yield value.id;
      }
    }
  }

  /**
   * Removes the rows of the user's space that the erasure takes.
   * @param withEvents those of the outbox, too
   * @returns how many there were
   * @throws {ErasureContended}
   */
  async removeRows(
    erasure: Erasure,
    withEvents: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const { workspace, user, record } = erasure;
    const space = userSpace(workspace, user);
    const left = await this.#threadsLeft(space, signal);
    const scope: RowScope = {
      beforeMs: record.beforeMs,
      withEvents,
      withIndex: left.length === 0,
      withDocumentIndex: !await this.#hasDocumentsSince(
        space,
        record.beforeMs,
        signal,
      ),
    };
    const batch = new ErasureBatch(this.#store, erasure);
    let removed = 0;
    const rows = list(this.#store, keys.allOf(space), {
      batchSize: ROWS_PER_READ,
      signal,
    });
    for await (const { key, value } of rows) {
      const kind = keys.parseKind(key);
      if (!takesRow(scope, kind, key, value)) continue;
      if (kind === SCHEDULES) await this.#removeDue(batch, space, value);
      await batch.remove(key, value);
      removed += 1;
    }
    await batch.flush();
    return removed;
  }

  /** Removes the row by which a schedule is found when it is due, perhaps in years. */
  async #removeDue(
    batch: ErasureBatch,
    space: string,
    schedule: unknown,
  ): Promise<void> {
    const { id, nextAt } = schedule as { id: string; nextAt: number | null };
    if (nextAt === null) return;
    await batch.remove(keys.scheduleDueKey(nextAt, space, id), null);
  }

  /** Whether there is a document that stays. @param beforeMs null: none does */
  async #hasDocumentsSince(
    space: string,
    beforeMs: number | null,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (beforeMs === null) return false;
    const [newest] = await Array.fromAsync(
      list(this.#store, keys.documents(space, null), {
        reverse: true,
        limit: 1,
        signal,
      }),
    );
    return newest !== undefined &&
      String(newest.key.at(-1)) >= `doc_${idTimeBound(beforeMs)}`;
  }

  async #threadsLeft(space: string, signal: AbortSignal): Promise<unknown[]> {
    return await Array.fromAsync(
      list(this.#store, keys.threadsAfter(space, null), { limit: 1, signal }),
    );
  }

  /**
   * Ended runs that programs began for the user, and that are still kept; those that go on.
   * Removes the ended ones. @throws {ErasureContended}
   */
  async removeProgramRuns(
    erasure: Erasure,
    signal: AbortSignal,
  ): Promise<{ underWay: string[] }> {
    const { workspace, user, record: { beforeMs } } = erasure;
    const space = programSpace(workspace);
    const bound = beforeMs === null ? null : idTimeBound(beforeMs);
    const batch = new ErasureBatch(this.#store, erasure);
    const underWay: string[] = [];
    const rows = list<RunRecord>(this.#store, keys.runs(space), {
      batchSize: ROWS_PER_READ,
      signal,
    });
    for await (const { key, value: run } of rows) {
      if (run.askedBy?.user !== user) continue;
      if (bound !== null && run.id.slice("run_".length) >= bound) continue;
      if (!isEnded(run.status)) {
        underWay.push(run.id);
        continue;
      }
      for await (const row of this.#rowsOfRun(space, run.id, signal)) {
        await batch.remove(row.key, row.value);
      }
      await batch.remove(key, run);
    }
    await batch.flush();
    return { underWay };
  }

  /** Files that the user gave to programs, and batches. @throws {ErasureContended} */
  async removeProgramFiles(
    erasure: Erasure,
    signal: AbortSignal,
  ): Promise<void> {
    const { workspace, user, record: { beforeMs } } = erasure;
    const space = programSpace(workspace);
    const batch = new ErasureBatch(this.#store, erasure);
    const isTaken = (id: string) =>
      beforeMs === null ||
      id.replace(/^(file-|batch_)/, "") < idTimeBound(beforeMs);
    const files = list<{ id: string; user?: string }>(
      this.#store,
      keys.filesBefore(space, null),
      { signal },
    );
    for await (const { key, value } of files) {
      if (value.user !== user || !isTaken(value.id)) continue;
      await batch.remove(key, value);
    }
    const batches = list<{ id: string; askedBy: { user: string } }>(
      this.#store,
      keys.batchesBefore(space, null),
      { signal },
    );
    for await (const { key, value: { id, askedBy } } of batches) {
      if (askedBy.user !== user || !isTaken(id)) continue;
      for (const kind of ["output", "error"] as const) {
        const results = list(
          this.#store,
          keys.batchResults(space, id, kind),
          { batchSize: ROWS_PER_READ, signal },
        );
        for await (const row of results) await batch.remove(row.key, row.value);
      }
      await batch.remove(keys.batchProgressKey(space, id), null);
      await batch.remove(key, null);
    }
    await batch.flush();
  }

  /** What is kept of a run beside its record. */
  async *#rowsOfRun(
    space: string,
    run: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ key: Deno.KvKey; value: unknown }, void, void> {
    yield* list(this.#store, keys.runLog(space, run), { signal });
    for (
      const key of [
        keys.runPromptKey(space, run),
        keys.responseKey(space, run),
        keys.runControlKey(space, run),
      ]
    ) {
      const entry = await get<unknown>(this.#store, key, { signal });
      if (entry.versionstamp !== null) yield { key, value: entry.value };
    }
  }

  /** Removes what the user asked and was answered out of the log of requests. @throws {ErasureContended} */
  async removeRequestBodies(
    erasure: Erasure,
    signal: AbortSignal,
  ): Promise<void> {
    const { workspace, user, record: { beforeMs } } = erasure;
    const before = beforeMs === null ? null : `req_${idTimeBound(beforeMs)}`;
    const batch = new ErasureBatch(this.#store, erasure);
    const rows = list<{ json: Uint8Array }>(
      this.#store,
      keys.requestRecords(workspace, before),
      { batchSize: ROWS_PER_READ, signal },
    );
    for await (const { value } of rows) {
      const record = JSON.parse(new TextDecoder().decode(value.json));
      if (record.user !== user || record.hasBodies !== true) continue;
      const key = keys.requestBodiesKey(workspace, record.id);
      await batch.remove(key, null);
    }
    await batch.flush();
  }

  /** Removes what alerts say of the user by name. @throws {ErasureContended} */
  async removeAlerts(erasure: Erasure, signal: AbortSignal): Promise<void> {
    await removeAlertsAbout(this.#store, erasure, signal);
  }
}
