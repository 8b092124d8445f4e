/**
 * The chain of jobs on the events of documents: `document.uploaded` has it profiled, `document.profiled`
 * has it indexed, and a job of it that is given up has it say so.
 */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { DocumentRecord } from "./document_record.ts";
import type { DocumentStore, DocumentUnit } from "./document_store.ts";

export interface DocumentChainParts {
  store: DocumentStore;
  jobs: Jobs;
  jobStore: JobStore;
}

/** Events that follow from each other in one step: each takes a check. */
const FOLLOWED_PER_STEP = 8;

/** What the phases of the work have done for them. */
const KINDS = {
  "document.uploaded": { kind: "document.profile", from: ["waiting"] },
  "document.profiled": {
    kind: "document.index",
    from: ["waiting", "profiling"],
  },
} as const;

type Cause = keyof typeof KINDS;

const isCause = (type: string): type is Cause => Object.hasOwn(KINDS, type);

export class DocumentChain implements Consumer {
  readonly name = "documents";
  readonly #parts: DocumentChainParts;

  constructor(parts: DocumentChainParts) {
    this.#parts = parts;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: DocumentUnit,
  ): Promise<number> {
    const touched = new Set<string>();
    for (const [place, { space, event }] of events.entries()) {
      const { type, subject, data } = event;
      if (!isCause(type) && !isEndOfWork(type, data)) continue;
      if (touched.size === FOLLOWED_PER_STEP) return place;
      const document = isCause(type)
        ? subject
        : await this.#documentOf(space, subject);
      if (document === null) continue;
      // Two of one document would check the same row twice, with what is there before the first.
      if (touched.has(`${space} ${document}`)) return place;
      touched.add(`${space} ${document}`);
      if (isCause(type)) await this.#goOn(unit, space, document, type, data);
      else await this.#end(unit, space, document, subject, type, data);
    }
    return events.length;
  }

  /** Documents that wait for a job, which the lost events would have made. */
  async resync(
    place: string | null,
    unit: DocumentUnit,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { store } = this.#parts;
    const found = await store.pendingAfter(
      parsePlace(place),
      FOLLOWED_PER_STEP,
      signal,
    );
    for (const { space, document } of found) {
      const work = await store.loadWork(space, document, signal);
      if (work === null) continue;
      const { phase, reading } = work.record;
      const cause = phase === "index"
        ? "document.profiled"
        : "document.uploaded";
      await this.#goOn(unit, space, document, cause, { reading });
    }
    const last = found.at(-1);
    return last === undefined || found.length < FOLLOWED_PER_STEP
      ? null
      : `${last.space} ${last.document}`;
  }

  async #goOn(
    unit: DocumentUnit,
    space: string,
    document: string,
    cause: Cause,
    data: Record<string, unknown>,
  ): Promise<void> {
    const { store, jobs, jobStore } = this.#parts;
    const record = (await store.load(space, document))?.record;
    const { kind, from } = KINDS[cause];
    const states: readonly DocumentRecord["state"][] = from;
    if (record === undefined || !states.includes(record.state)) return;
    if (record.reading !== data.reading) return;
    const { name, reading } = record;
    const job = jobs.prepare(space, {
      kind,
      input: { documentId: document, name, reading },
      correlationId: document,
    });
    jobStore.enqueue(unit, job);
    store.setJob(unit, space, document, job.id);
  }

  /** Says of a document what became of the job that worked on it. */
  async #end(
    unit: DocumentUnit,
    space: string,
    document: string,
    job: string,
    type: string,
    { error }: Record<string, unknown>,
  ): Promise<void> {
    const { store } = this.#parts;
    const loaded = await store.load(space, document);
    if (loaded === null || await store.jobOf(space, document) !== job) return;
    const { state } = loaded.record;
    if (state === "ready" || state === "failed" || state === "cancelled") {
      return;
    }
    const isFailed = type === "job.dead";
    const reason = typeof error === "string" ? error : "It could not be read.";
    store.change(unit, space, loaded, {
      ...loaded.record,
      state: isFailed ? "failed" : "cancelled",
      error: isFailed ? reason : null,
    });
    store.setPending(unit, space, document, false);
    const { name } = loaded.record;
    if (isFailed) {
      store.tell(unit, space, document, "failed", { name, error: reason });
    } else store.tell(unit, space, document, "cancelled", {});
  }

  /** The document that a job works on; null: the job is not there any more. */
  async #documentOf(space: string, job: string): Promise<string | null> {
    const input = (await this.#parts.jobStore.load(space, job))?.record.input;
    if (typeof input !== "object" || input === null) return null;
    const document: unknown = Reflect.get(input, "documentId");
    return typeof document === "string" ? document : null;
  }
}

function isEndOfWork(type: string, { kind }: Record<string, unknown>): boolean {
  return (type === "job.dead" || type === "job.cancelled") &&
    typeof kind === "string" && kind.startsWith("document.") &&
    kind !== "document.remove";
}

function parsePlace(
  place: string | null,
): { space: string; document: string } | null {
  if (place === null) return null;
  const [space, document] = place.split(" ");
  return { space, document };
}
