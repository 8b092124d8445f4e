/** What becomes of the jobs that an incarnation owned which cannot write any more. */
import type { OwnedIncarnation } from "@/lib/kv/fence.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { stateAfter } from "./job_ends.ts";
import type { JobRecord } from "./job_record.ts";
import type { JobStore, LoadedJob } from "./job_store.ts";
import { planRestart } from "./restart_plan.ts";

export interface JobRecoveryParts {
  jobs: JobStore;
  owner: Owner;
  /** Whether this process does the job, or is about to. */
  isHere: (job: string) => boolean;
  log: Logger;
}

export class JobRecovery {
  readonly #parts: JobRecoveryParts;

  constructor(parts: JobRecoveryParts) {
    this.#parts = parts;
  }

  /** Gives back all jobs of a dead owner, or ends them; resolves when none is left. */
  async takeOver(dead: OwnedIncarnation): Promise<void> {
    const { jobs, log } = this.#parts;
    const left = await this.#load(dead);
    await jobs.forgetWorker(dead.id);
    if (left.length === 0) return;
    const ends = await jobs.wantedEnds(left.map(({ record }) => record));
    const nowMs = jobs.clock.now();
    const goOn: LoadedJob[] = [];
    for (const job of left) {
      if (ends.get(job.record.id) !== "cancelled") {
        goOn.push(job);
        continue;
      }
      const next = stateAfter(job.record, { type: "cancelled" }, null, nowMs);
      await jobs.change(job, next.record, next.verb);
    }
    const diedAtMs = await jobs.lastSeen(dead.id) ?? nowMs;
    const versionstamps = new Map(
      goOn.map(({ record, versionstamp }) => [record.id, versionstamp]),
    );
    const records = goOn.map(({ record }) => record);
    const plan = records.length === 0
      ? []
      : planRestart(records, { diedAtMs, nowMs });
    for (const { before, next } of plan) {
      const versionstamp = versionstamps.get(before.id)!;
      await jobs.change(
        { record: before, versionstamp },
        next.record,
        next.verb,
      );
      log.warn("Job outlives its process", {
        job: before.id,
        kind: before.kind,
        state: next.record.status,
      });
    }
  }

  /** Gives back jobs that came to this process by a commit of which it was never told. */
  async adopt(own: OwnedIncarnation): Promise<void> {
    const { jobs, isHere } = this.#parts;
    for (const { record, versionstamp } of await this.#load(own)) {
      if (isHere(record.id)) continue;
      const { record: next, verb } = stateAfter(
        record,
        { type: "handover" },
        null,
        jobs.clock.now(),
      );
      await jobs.change({ record, versionstamp }, next, verb);
    }
  }

  /** The jobs that an incarnation still owns. */
  async #load(owner: OwnedIncarnation): Promise<LoadedJob[]> {
    const { jobs, owner: own } = this.#parts;
    const loaded: LoadedJob[] = [];
    for await (const { kind, id, space, key } of owner.owned()) {
      if (kind !== "j") continue;
      const job = await jobs.load(space, id);
      if (job !== null && isOwnedBy(job.record, owner.id)) loaded.push(job);
      else {
        await own.incarnation.lane.write({ deletes: [key], urgency: "soon" });
      }
    }
    return loaded;
  }
}

function isOwnedBy({ status, owner }: JobRecord, incarnation: string): boolean {
  return status === "running" && owner === incarnation;
}
