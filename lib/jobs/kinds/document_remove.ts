/** `document.remove`: removes what is left of a document that was deleted. */
import * as z from "zod";
import type { DocumentIndex } from "@/lib/documents/document_index.ts";
import type { DocumentStore } from "@/lib/documents/document_store.ts";
import { AppError } from "@/lib/errors.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";
import { documentInputSchema, shortName } from "./document_work.ts";

const inputSchema = documentInputSchema.omit({ reading: true }).extend({
  fileId: z.string().nullable(),
});

export type RemovedDocument = z.output<typeof inputSchema>;

export interface DocumentRemoveParts {
  store: DocumentStore;
  files: Files;
  index: DocumentIndex;
}

const MINUTE_MS = 60_000;

export class DocumentRemove implements JobKind<RemovedDocument> {
  readonly kind = "document.remove";
  readonly input = inputSchema;
  readonly isPublic = false;
  readonly priority = "normal";
  readonly maxAttempts = 10;
  readonly deadlineMs = 10 * MINUTE_MS;
  readonly perProcess = 4;
  readonly perWorkspace = 2;
  readonly #parts: DocumentRemoveParts;

  constructor(parts: DocumentRemoveParts) {
    this.#parts = parts;
  }

  describe({ name }: RemovedDocument): string {
    return `Removal of “${shortName(name)}”`;
  }

  async handle(
    { space, input, signal }: JobContext<RemovedDocument>,
  ): Promise<JobOutcome> {
    const { store, files, index } = this.#parts;
    const { documentId, fileId } = input;
    await index.forget(space, documentId.slice("doc_".length), signal);
    await store.removeAll(space, documentId, signal);
    if (fileId !== null) await removeFile(files, space, fileId);
    await index.tidy(space, signal);
    return {};
  }
}

async function removeFile(
  files: Files,
  space: string,
  fileId: string,
): Promise<void> {
  try {
    await files.remove(space, fileId);
  } catch (error) {
    // An attempt before this one has removed it.
    if (!(error instanceof AppError) || error.status !== 404) throw error;
  }
}
