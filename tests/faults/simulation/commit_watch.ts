/**
 * What holds of every single commit, whoever sends it and whenever it arrives. Numbers in brackets are
 * the invariants of the design: nothing of a fenced incarnation (1), contiguous batches (2), epochs that
 * only grow (3), final states that stay (6), an owner for what runs (7), one ledger row an attempt (8),
 * an event for each change of state in the same commit (14), and a text that the provider gave (4).
 */
import type { MessageRecord, RunRecord } from "@/lib/chat/records.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { LaneHead } from "@/lib/kv/lane_writer.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import type { LedgerPageRecord, LogPageRecord } from "@/lib/kv/pages.ts";
import { messageKey, ownKey } from "@/lib/kv/keys.ts";
import { decodeChunk } from "@/lib/streams/log_codec.ts";
import { decodeLedgerRow } from "@/lib/usage/ledger_row.ts";
import type { Change, ModelKv } from "./model_kv.ts";
import type { Upstream } from "./upstream.ts";

/** How an epoch of a run ended in the store. */
export interface StoredEpochEnd {
  status: RunRecord["status"];
  endSeq: number;
  text: string;
}

/** What is known of a run from the commits so far. */
export interface RunHistory {
  space: string;
  record: RunRecord;
  question: string;
  /** Epochs that were executed. */
  attempts: Set<number>;
  /** Epochs with a ledger row. */
  ledger: Set<number>;
  ends: Map<number, StoredEpochEnd>;
  /** By epoch: the last event that is durable. */
  durable: Map<number, number>;
}

/** What one commit says of runs, gathered before it is judged. */
interface Seen {
  events: { subject: string; epoch: number; type: string }[];
  changed: { before: RunRecord | null; record: RunRecord }[];
}

export class CommitWatch {
  readonly runs = new Map<string, RunHistory>();
  readonly fenced = new Set<string>();
  readonly #heads = new Map<string, LaneHead>();
  readonly #kv: ModelKv;
  readonly #upstream: Upstream;
  readonly #fail: (what: string) => void;

  constructor(
    kv: ModelKv,
    upstream: Upstream,
    fail: (what: string) => void,
  ) {
    this.#kv = kv;
    this.#upstream = upstream;
    this.#fail = fail;
  }

  /** Judges a commit; to be called once it can be read. */
  watch(changes: readonly Change[]): void {
    const seen: Seen = { events: [], changed: [] };
    // Rows of a run count only once its record is known, whatever their order.
    for (const change of changes) {
      if (change.key[1] === "r") this.#run(change, seen);
    }
    for (const change of changes) {
      if (change.key[0] === "sys") this.#system(change);
      else this.#tenant(change, seen);
    }
    for (const { before, record } of seen.changed) {
      this.#judge(before, record, seen);
    }
    for (const { key, value } of changes) {
      if (key[0] === "sys" && key[1] === "fence" && value === undefined) {
        this.fenced.add(String(key[2]));
      }
    }
  }

  #system({ key, value }: Change): void {
    const [, kind, incarnation] = key;
    const inc = String(incarnation);
    if (value === undefined) return;
    const isFenced = this.fenced.has(inc);
    if (kind === "lane") this.#head(inc, value as LaneHead);
    else if (kind === "wal") {
      if (isFenced) this.#fail(`[1] log page of fenced ${inc}`);
      for (const chunk of (value as LogPageRecord).chunks) {
        const { run, epoch, firstSeq, events } = decodeChunk(chunk);
        this.#durable(run, epoch, firstSeq, firstSeq + events.length - 1);
      }
    } else if (kind === "own" && isFenced) {
      this.#fail(`[1] ownership of fenced ${inc}`);
    }
  }

  #head(inc: string, head: LaneHead): void {
    const before = this.#heads.get(inc);
    this.#heads.set(inc, head);
    if (this.fenced.has(inc)) this.#fail(`[1] head of fenced ${inc} moved`);
    if (before === undefined) return;
    if (head.state === "fenced") {
      if (head.n !== before.n || head.token !== before.token) {
        this.#fail(`[2] the fence of ${inc} changed number or token`);
      }
    } else if (head.n !== before.n + 1 || head.token === before.token) {
      this.#fail(`[2] batch ${head.n} of ${inc} follows ${before.n}`);
    }
  }

  #tenant({ key, value }: Change, seen: Seen): void {
    if (value === undefined) return;
    const [, kind, id] = key;
    if (kind === "rl") {
      const { firstSeq } = value as { firstSeq: number };
      const [epoch, lastSeq] = [Number(key[3]), Number(key[4])];
      const current = this.runs.get(String(id))?.record.epoch;
      if (epoch !== current) {
        this.#fail(`[1,3] segment of epoch ${epoch} in epoch ${current}`);
      }
      this.#durable(String(id), epoch, firstSeq, lastSeq);
    } else if (kind === "lg") this.#ledger(key, value as LedgerPageRecord);
    else if (kind === "e") {
      for (const { type, subject, data } of (value as EnvelopeRecord).ev) {
        if (!type.startsWith("run.")) continue;
        seen.events.push({ type, subject, epoch: Number(data.epoch) });
      }
    }
  }

  #run({ key, value }: Change, seen: Seen): void {
    const record = value as RunRecord | undefined;
    if (record === undefined) return this.#fail("[6] a run was deleted");
    const there = this.runs.get(record.id);
    const before = there?.record ?? null;
    const space = String(key[0]);
    if (there === undefined) {
      const question = this.#kv.peek<MessageRecord>(
        messageKey(space, record.threadId, record.questionId),
      );
      this.runs.set(record.id, {
        space,
        record,
        question: textOf(question),
        attempts: new Set(),
        ledger: new Set(),
        ends: new Map(),
        durable: new Map(),
      });
    } else there.record = record;
    seen.changed.push({ before, record });
  }

  #durable(run: string, epoch: number, first: number, last: number): void {
    const durable = this.runs.get(run)?.durable;
    if (durable === undefined) return this.#fail("[1] log without a run");
    const before = durable.get(epoch) ?? -1;
    if (first > before + 1) {
      this.#fail(`[4] ${run} ${epoch}: log jumps from ${before} to ${first}`);
    }
    durable.set(epoch, Math.max(before, last));
  }

  #ledger(key: Deno.KvKey, page: LedgerPageRecord): void {
    if (this.fenced.has(String(key[3]))) {
      this.#fail(`[1] ledger page of fenced ${String(key[3])}`);
    }
    for (const bytes of page.rows) {
      const { run, epoch } = decodeLedgerRow(bytes);
      const rows = this.runs.get(run)?.ledger;
      if (rows === undefined) this.#fail("[8] ledger row without a run");
      else if (rows.has(epoch)) this.#fail(`[8] ${run} ${epoch}: second row`);
      else rows.add(epoch);
    }
  }

  #judge(before: RunRecord | null, record: RunRecord, seen: Seen): void {
    const { id, epoch, status, owner } = record;
    const history = this.runs.get(id)!;
    const hasChanged = before === null || before.status !== status ||
      before.epoch !== epoch;
    const events = seen.events.filter(({ subject }) => subject === id);
    const expected = `run.${isEnded(status) ? status : "started"}`;
    const isTold = events.length === 1 && events[0].type === expected &&
      events[0].epoch === epoch;
    if (hasChanged ? !isTold : events.length > 0) {
      this.#fail(`[14] ${id} ${epoch} ${status}: ${JSON.stringify(events)}`);
    }
    const hasOwner = this.#kv.peek(ownKey(owner, "r", id)) !== null;
    if (hasOwner === isEnded(status)) {
      this.#fail(`[7] ${id} is ${status}, own row: ${hasOwner}`);
    }
    if (before !== null) this.#transition(before, record);
    if (!isEnded(status)) {
      if (this.fenced.has(owner)) this.#fail(`[1] ${id} claimed by fenced`);
      history.attempts.add(epoch);
    } else this.#end(history);
  }

  #transition(before: RunRecord, { id, epoch, status }: RunRecord): void {
    if (epoch < before.epoch) this.#fail(`[3] ${id}: epoch ${epoch} again`);
    if (!isEnded(before.status)) return;
    const isContinued = before.status === "interrupted" &&
      status === "running" && epoch > before.epoch;
    if (!isContinued) {
      this.#fail(`[6] ${id}: ${before.status} became ${status}`);
    }
  }

  #end(history: RunHistory): void {
    const { record: { id, epoch, status, endSeq, threadId, messageId } } =
      history;
    const text = textOf(
      this.#kv.peek(messageKey(history.space, threadId, messageId)),
    );
    history.ends.set(epoch, { status, endSeq: endSeq ?? -1, text });
    const asked = this.#upstream.of(history.question);
    const isGiven = status === "completed"
      ? asked.some(({ whole, finishedAtMs }) =>
        finishedAtMs !== null && whole === text
      )
      : text === "" || asked.some(({ whole }) => whole.startsWith(text));
    if (!isGiven) this.#fail(`[4] ${id} ${status} with "${text}"`);
  }
}

function textOf(message: MessageRecord | null): string {
  return message !== null && "inline" in message.text
    ? message.text.inline
    : "";
}
