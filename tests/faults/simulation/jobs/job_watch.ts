/**
 * What holds of every single commit of a world of jobs, whoever sends it and whenever it arrives. Numbers
 * in brackets are the invariants of the design: nothing of a fenced incarnation (1), an event for each
 * change of state in the same commit (14), one place for each job and one owner (16), and no key twice.
 */
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import { isOver } from "@/lib/jobs/job_record.ts";
import { dedupKeyOf, waitingKeys } from "@/lib/jobs/job_rows.ts";
import { jobListKey, jobRetentions, ownKey } from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { Change, ModelKv } from "../model_kv.ts";

/** What is known of a job from the commits so far. */
export interface JobHistory {
  record: JobRecord;
  /** Times it was claimed since somebody wanted it begun last. */
  claims: number;
}

export class JobWatch {
  readonly jobs = new Map<string, JobHistory>();
  readonly fenced = new Set<string>();
  /** Events of jobs, by what they tell. */
  readonly told = new Map<string, number>();
  readonly #kv: ModelKv;
  readonly #fail: (what: string) => void;

  constructor(kv: ModelKv, fail: (what: string) => void) {
    this.#kv = kv;
    this.#fail = fail;
  }

  /** Judges a commit; to be called once it can be read. */
  watch(changes: readonly Change[]): void {
    const events = changes.flatMap(({ key, value }) =>
      key[0] !== "sys" && key[1] === "e" && value !== undefined
        ? (value as EnvelopeRecord).ev
        : []
    ).filter(({ type }) => type.startsWith("job."));
    for (const { type } of events) {
      this.told.set(type, (this.told.get(type) ?? 0) + 1);
    }
    const judged = new Set<string>();
    for (const { key, value } of changes) {
      if (key[1] !== "j" || key[0] === "sys") continue;
      if (value === undefined) {
        this.#fail(`[16] ${String(key[2])} was deleted`);
        continue;
      }
      const record = value as JobRecord;
      judged.add(record.id);
      this.#judge(
        record,
        events.filter(({ subject }) => subject === record.id),
      );
    }
    for (const { subject, type } of events) {
      if (!judged.has(subject)) this.#fail(`[14] ${type} without a change`);
    }
    for (const { key, value } of changes) {
      if (key[0] !== "sys") continue;
      const inc = String(key[2]);
      if (key[1] === "fence" && value === undefined) this.fenced.add(inc);
      if (key[1] === "jt" || key[1] === "jd") this.#moved(String(key.at(-1)));
    }
  }

  #judge(record: JobRecord, events: readonly OutboxEvent[]): void {
    const { id, status, attempt } = record;
    const there = this.jobs.get(id);
    const before = there?.record ?? null;
    const say = (what: string) =>
      this.#fail(
        `${what}: ${id} ${record.kind} ${before?.status} -> ${status}`,
      );
    if (events.length !== 1) say(`[14] ${events.length} events`);
    else {
      const { data } = events[0];
      if (
        data.status !== status || data.before !== (before?.status ?? null)
      ) say(`[14] told ${JSON.stringify(data)}`);
    }
    const isClaim = status === "running" && before?.status !== "running";
    const isBegunAnew = status === "queued" && before !== null &&
      isOver(before);
    if (before === null && status !== "queued") say("[16] born elsewhere");
    if (before !== null && isOver(before) && !isBegunAnew) {
      say("[16] an end changed");
    }
    if (isClaim && before?.status !== "queued") say("[16] claimed twice");
    if (isClaim && attempt !== (before?.attempt ?? 0) + 1) {
      say("[16] a claim without an attempt");
    }
    if (isClaim && this.fenced.has(record.owner ?? "")) {
      say("[1] claimed by a fenced one");
    }
    if (
      status === "running" && before?.status === "running" &&
      (before.owner !== record.owner ||
        record.progress.value < before.progress.value)
    ) say("[16] another owner, or less progress");
    if (attempt > record.maxAttempts) say("[16] too many attempts");
    this.jobs.set(id, {
      record,
      claims: (isBegunAnew ? 0 : there?.claims ?? 0) + (isClaim ? 1 : 0),
    });
    this.#inOnePlace(record);
  }

  /** A timer became a due row, or was taken. */
  #moved(job: string): void {
    const history = this.jobs.get(job);
    if (history !== undefined) this.#inOnePlace(history.record);
  }

  #inOnePlace(record: JobRecord): void {
    const { id, status, owner, space } = record;
    const waits = waitingKeys(record)
      .filter((key) => this.#kv.peek(key) !== null).length;
    const isOwned = owner !== null &&
      this.#kv.peek(ownKey(owner, "j", id)) !== null;
    const ends = this.#kv.peekAll(prefixOf(jobRetentions(0)))
      .filter(({ key }) => key.at(-1) === id).length;
    const expected = {
      waits: status === "queued" ? 1 : 0,
      isOwned: status === "running",
      ends: isOver(record) ? 1 : 0,
    };
    const found = { waits, isOwned, ends };
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      this.#fail(`[16] ${id} ${status} is at ${JSON.stringify(found)}`);
    }
    for (const each of [space, workspaceOf(space)]) {
      if (this.#kv.peek(jobListKey(each, status, id)) === null) {
        this.#fail(`[16] ${id} ${status} is not in the list of ${each}`);
      }
    }
    const dedup = dedupKeyOf(record);
    if (dedup === null) return;
    const named = this.#kv.peek<{ job: string }>(dedup)?.job;
    if (!isOver(record) && named !== id) {
      this.#fail(`[16] ${id} and ${named} have one key`);
    }
  }
}

function prefixOf(selector: Deno.KvListSelector): Deno.KvKey {
  return "prefix" in selector ? selector.prefix : [];
}
