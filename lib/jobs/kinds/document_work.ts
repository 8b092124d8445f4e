/** What the kinds of jobs on documents have in common. */
import * as z from "zod";
import { UnreadableDocument } from "@/lib/documents/engine/steps.ts";
import type { WorkContext } from "@/lib/documents/ingestion.ts";
import {
  type JobContext,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import { isId } from "@/lib/shared/ids.ts";

export const documentInputSchema = z.strictObject({
  documentId: z.string().refine((text) => isId("doc", text), {
    error: "must be an id that begins with doc_",
  }),
  /** Of the document, when the job was made. */
  name: z.string(),
  /** Number of the reading of the document. */
  reading: z.int(),
});

export type DocumentInput = z.output<typeof documentInputSchema>;

const HOUR_MS = 60 * 60_000;
const MAX_NAME_CHARACTERS = 80;

/** A document's name as a line of a list has it. */
export function shortName(name: string): string {
  return name.length > MAX_NAME_CHARACTERS
    ? `${name.slice(0, MAX_NAME_CHARACTERS).toWellFormed()}…`
    : name;
}

/** A job on a document; the name says what, `work` does it. */
export abstract class DocumentWork implements JobKind<DocumentInput> {
  abstract readonly kind: string;
  readonly input = documentInputSchema;
  /** Events of documents tell what their owner waits for. */
  readonly notifies = false;
  readonly isPublic = false;
  readonly priority = "normal";
  readonly maxAttempts = 3;
  /** A batch at a time; each goes on where the one before has ended. */
  readonly deadlineMs = 6 * HOUR_MS;
  readonly perProcess = 12;
  /** Some read for half an hour; another workspace need not wait for that. */
  readonly perWorkspace = 10;

  abstract describe(input: DocumentInput): string;
  /** @returns a sentence of what came out */
  protected abstract work(context: WorkContext): Promise<string>;

  async handle(context: JobContext<DocumentInput>): Promise<JobOutcome> {
    try {
      const text = await this.work(context);
      const href = `/documents/${context.input.documentId}`;
      return { result: { text, href } };
    } catch (error) {
      if (error instanceof UnreadableDocument) {
        throw new JobRefusal(error.message);
      }
      throw error;
    }
  }
}
