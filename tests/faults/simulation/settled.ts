/**
 * What holds of a world in which all processes have been well for some time: every run has ended (7),
 * nothing is left of the dead, and record, message, thread, log and ledger say the same (4, 8).
 */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  MESSAGE_STATUS,
  type MessageRecord,
  type ThreadActivityRecord,
} from "@/lib/chat/records.ts";
import { messageKey, runLogKey, threadActivityKey } from "@/lib/kv/keys.ts";
import type { LedgerPageRecord } from "@/lib/kv/pages.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { isTerminal, type LoggedEvent } from "@/lib/streams/live_run.ts";
import { decodeSegment, type SegmentRecord } from "@/lib/streams/log_codec.ts";
import { decodeLedgerRow, type LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { Clients } from "./clients.ts";
import type { CommitWatch, RunHistory } from "./commit_watch.ts";
import type { ModelKv } from "./model_kv.ts";
import { USAGE } from "./upstream.ts";

/** What is still under way, or null. */
export function whatIsUnsettled(
  kv: ModelKv,
  { runs, fenced }: CommitWatch,
  clients: Clients,
): string | null {
  if (clients.isWaiting) return "[19] a client waits for an answer";
  for (const { record: { id, epoch, status } } of runs.values()) {
    if (!isEnded(status)) return `[7] ${id} ${epoch} is ${status} for ever`;
  }
  const follower = clients.followers.find(({ hasEnded }) => !hasEnded);
  if (follower !== undefined) {
    return `[5] a follower of ${follower.runId} hears no end`;
  }
  const owned = kv.peekAll(["sys", "own"]);
  if (owned.length > 0) return `[7] left: ${JSON.stringify(owned[0].key)}`;
  const page = kv.peekAll(["sys", "wal"])
    .find(({ key }) => fenced.has(String(key[2])));
  if (page !== undefined) return `[7] left: ${JSON.stringify(page.key)}`;
  return null;
}

/** Checks each run of a world in which nothing is under way. */
export function checkSettled(
  kv: ModelKv,
  { runs }: CommitWatch,
  fail: (what: string) => void,
): void {
  const rows = readLedger(kv);
  for (const history of runs.values()) {
    const { record } = history;
    const said = [
      ...checkRecords(kv, history),
      ...checkLog(kv, history),
      ...checkLedger(history, rows.get(record.id) ?? []),
    ];
    for (const what of said) fail(`${what}: ${JSON.stringify(record)}`);
  }
}

function* checkRecords(
  kv: ModelKv,
  { space, record }: RunHistory,
): Generator<string> {
  const { threadId, messageId, status, usage } = record;
  const message = kv.peek<MessageRecord>(
    messageKey(space, threadId, messageId),
  );
  if (message?.status !== MESSAGE_STATUS[status]) {
    yield `[4] the message is ${message?.status}`;
  }
  if (JSON.stringify(message?.usage) !== JSON.stringify(usage)) {
    yield "[8] the message has another usage";
  }
  const activity = kv.peek<ThreadActivityRecord>(
    threadActivityKey(space, threadId),
  );
  if (activity?.activeRunId !== null) {
    yield `[7] the thread waits for ${activity?.activeRunId}`;
  }
}

/** An end that was written for a dead owner has no log; its text takes the place of it. */
function* checkLog(kv: ModelKv, history: RunHistory): Generator<string> {
  const { space, record: { id, epoch, endSeq } } = history;
  const segments = kv.peekAll<SegmentRecord>(
    runLogKey(space, id, epoch, 0).slice(0, -1),
  );
  if (segments.length === 0) return;
  const events: LoggedEvent[] = [];
  for (const { value } of segments) {
    if (value.firstSeq > events.length) {
      return yield `[4] the log has no ${events.length}`;
    }
    events.push(...decodeSegment(value).slice(events.length - value.firstSeq));
  }
  const ends = events.filter(isTerminal).length;
  if (events.length - 1 !== endSeq || ends !== 1) {
    yield `[5] ${events.length} events in the log, ${ends} of them ends`;
  }
  const text = events.map((event) =>
    event.event === "chunk" ? event.data.content : ""
  ).join("");
  if (text !== history.ends.get(epoch)?.text) yield `[4] the log has "${text}"`;
}

function* checkLedger(
  { record, attempts }: RunHistory,
  rows: readonly LedgerRow[],
): Generator<string> {
  const billed = rows.map(({ epoch }) => epoch).sort((a, b) => a - b);
  const executed = [...attempts].sort((a, b) => a - b);
  if (billed.join() !== executed.join()) {
    yield `[8] executed ${executed.join()}, billed ${billed.join()}`;
  }
  const { inputTokens, outputTokens } = USAGE;
  for (const row of rows) {
    const isExact = row.inputTokens === inputTokens &&
      row.outputTokens === outputTokens;
    const isReported = row.status === "completed";
    if (isReported ? row.estimated || !isExact : !row.estimated) {
      yield `[8] epoch ${row.epoch} is billed as ${JSON.stringify(row)}`;
    }
  }
  const last = rows.find(({ epoch }) => epoch === record.epoch);
  if (record.status === "completed" && last?.status !== "completed") {
    yield `[8] the last attempt is billed as ${last?.status}`;
  }
}

/** Rows by run. */
function readLedger(kv: ModelKv): Map<string, LedgerRow[]> {
  const pages = kv.peekAll<LedgerPageRecord>([FIRST_WORKSPACE, "lg"]);
  const rows = pages.flatMap(({ value }) => value.rows.map(decodeLedgerRow));
  return Map.groupBy(rows, ({ run }) => run);
}
