import { StorageError } from "@/lib/errors.ts";
import { sleep } from "@/lib/clock.ts";
import { withDeadline } from "./deadline.ts";
import { outboxRows } from "./outbox.ts";
import { isDiskFull, isRefusal } from "./refusal.ts";
import { assertWritable, hasQueues, type Store } from "./store.ts";
import { newToken } from "./token.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** `conflict`: a check did not hold, nothing was written and nothing of it ever will be. */
export type CommitResult =
  | { ok: true; versionstamp: string }
  | { ok: false; reason: "conflict" };

/** How long a commit is wanted. */
export interface CommitOptions {
  /** Ends the waiting. Once the unit is on its way, that leaves its outcome unknown. */
  signal?: AbortSignal;
}

/** How many deadlines of the store an unknown outcome may last before it is given up. */
const UNKNOWN_DEADLINES = 3;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Commits a unit outside the lane: for records that other processes contend for.
 *
 * The store may lose an answer, apply a write late, or say "no" to a write that it has applied (the
 * remote client repeats by itself, and the repetition fails its own check). So unless the answer is a
 * plain yes, the checked keys are read back: the unit's token in a guarded one means committed; every
 * versionstamp as checked means not applied, and the identical bytes are sent again; anything else
 * means lost, for good, since no later arrival can pass its checks.
 *
 * @throws {TypeError} when the unit has no guard, or the store refuses what is in it
 * @throws {StorageError} `storage_unknown` when it cannot be learned in time whether the unit counted;
 *   `storage_unavailable` when the disk is full: nothing was written;
 *   `storage_read_only` when the store takes no writes
 * @throws the signal's reason when it aborts before anything was sent
 */
export async function commit(
  store: Store,
  unit: UnitOfWork,
  { signal }: CommitOptions = {},
): Promise<CommitResult> {
  unit.assertCommittable();
  assertWritable(store);
  signal?.throwIfAborted();
  const { clock, deadlineMs } = store;
  const token = newToken();
  const nowMs = clock.now();
  const messages = messagesOf(store, unit, nowMs);
  const operation = build(store, unit, token, messages);
  const committed = (versionstamp: string): CommitResult => {
    if (unit.wakes.length > 0) {
      store.jobsBell.sent(messages, nowMs);
      store.jobsBell.ring();
    }
    if (unit.events.length > 0) store.eventsBell.ring();
    return { ok: true, versionstamp };
  };
  const giveUpAt = clock.monotonic() + UNKNOWN_DEADLINES * deadlineMs;
  let pauseMs = FIRST_PAUSE_MS;
  let cause: unknown = null;
  // An earlier attempt that was not answered may still arrive.
  let isAllAnswered = true;
  while (true) {
    try {
      const answer = await withDeadline(operation.commit(), {
        clock,
        deadlineMs,
        signal,
        what: "commit",
      });
      if (answer.ok) return committed(answer.versionstamp);
    } catch (error) {
      cause = error;
      isAllAnswered &&= isDiskFull(error);
    }
    const outcome = await readBack(store, unit, token, giveUpAt, signal);
    if (outcome.state === "committed") {
      return committed(outcome.versionstamp);
    }
    if (outcome.state === "lost") return { ok: false, reason: "conflict" };
    if (outcome.state === "unapplied" && isRefusal(cause)) {
      throw cause;
    }
    if (
      outcome.state === "unapplied" && isAllAnswered && isDiskFull(cause)
    ) {
      throw new StorageError(
        "The disk of the server is full. Nothing was saved.",
        { cause },
      );
    }
    if (
      outcome.state === "unknown" || signal?.aborted ||
      clock.monotonic() + pauseMs > giveUpAt
    ) {
      throw new StorageError(
        "The store did not say whether a change was saved.",
        { code: "storage_unknown", cause: cause ?? signal?.reason },
      );
    }
    await sleep(clock, pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

/** The values are serialised here, once: each submission of the operation sends the same bytes. */
function build(
  store: Store,
  unit: UnitOfWork,
  token: string,
  messages: readonly number[],
): Deno.AtomicOperation {
  const operation = store.kv.atomic().check(...unit.checks);
  for (const mutation of unit.mutations) {
    if (mutation.type === "delete") {
      operation.delete(mutation.key);
      continue;
    }
    const { key, value, expireInMs, tokenField } = mutation;
    operation.set(
      key,
      tokenField === null ? value : { ...value, [tokenField]: token },
      expireInMs === undefined ? undefined : { expireIn: expireInMs },
    );
  }
  for (const { key, value } of outboxRows(store, unit.events)) {
    operation.set(key, value);
  }
  for (const delay of messages) {
    operation.enqueue({ job: true }, { delay });
  }
  return operation;
}

/** Delays of the messages to the store's own queue. Where it has none, one would fail the whole atomic. */
function messagesOf(
  store: Store,
  { wakes }: UnitOfWork,
  nowMs: number,
): number[] {
  if (wakes.length === 0 || !hasQueues(store)) return [];
  const dueAtMs = wakes.map(({ delayMs }) => nowMs + delayMs);
  return store.jobsBell.messages(dueAtMs, nowMs);
}

type ReadBack =
  | { state: "committed"; versionstamp: string }
  | { state: "unapplied" | "lost" | "unknown" };

async function readBack(
  store: Store,
  unit: UnitOfWork,
  token: string,
  giveUpAt: number,
  signal: AbortSignal | undefined,
): Promise<ReadBack> {
  const { clock, deadlineMs } = store;
  const keys = unit.checks.map((check) => check.key);
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal?.aborted && clock.monotonic() < giveUpAt) {
    try {
      const entries = await withDeadline(
        store.kv.getMany<unknown[]>(keys, { consistency: "strong" }),
        { clock, deadlineMs, signal, what: "read back" },
      );
      for (const { check, field } of unit.guards) {
        const { value, versionstamp } = entries[check];
        if (versionstamp !== null && fieldOf(value, field) === token) {
          return { state: "committed", versionstamp };
        }
      }
      const same = entries.every((entry, index) =>
        entry.versionstamp === unit.checks[index].versionstamp
      );
      return { state: same ? "unapplied" : "lost" };
    } catch {
      await sleep(clock, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
  return { state: "unknown" };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null
    ? Reflect.get(value, field)
    : undefined;
}
