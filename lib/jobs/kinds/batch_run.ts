/** `batch.run`: does a batch of requests that a program has asked for. */
import * as z from "zod";
import {
  BATCH_JOB,
  type BatchJobInput,
} from "@/lib/gateway/batches/batches.ts";
import type { BatchRunner } from "@/lib/gateway/batches/batch_runner.ts";
import type { BatchRecord } from "@/lib/gateway/batches/batch_record.ts";
import type { Files } from "@/lib/files/files.ts";
import { type JobKind, JobRefusal } from "../job_kind.ts";

const HOUR_MS = 60 * 60 * 1_000;
const MAX_NAME_CHARACTERS = 80;

export function batchRun(
  runner: Pick<BatchRunner, "run">,
  files: Pick<Files, "find">,
): JobKind<BatchJobInput> {
  return {
    kind: BATCH_JOB,
    input: z.object({
      space: z.string(),
      batch: z.string(),
      name: z.string(),
    }),
    describe: ({ name }) =>
      `Batch of requests in “${name.slice(0, MAX_NAME_CHARACTERS)}”`,
    notifies: true,
    isPublic: false,
    priority: "bulk",
    // A process that dies in the middle loses nothing but what it was asking.
    maxAttempts: 20,
    // The batch itself expires after 24 hours.
    deadlineMs: 25 * HOUR_MS,
    perProcess: 8,
    perWorkspace: 4,
    async handle({ input: { space, batch }, signal, progress }) {
      const record = await runner.run({ space, id: batch, signal, progress });
      if (record === null) throw new JobRefusal("The batch is gone");
      return { result: await resultOf(space, record, files) };
    },
  };
}

async function resultOf(
  space: string,
  record: BatchRecord,
  files: Pick<Files, "find">,
) {
  const { id, counts, outputFileId, faults, status, total } = record;
  const file = outputFileId === null
    ? null
    : await files.find(space, outputFileId);
  return {
    batch: id,
    status,
    text: textOf(status, total, counts?.completed ?? 0, faults[0]?.message),
    ...(file === null ? {} : {
      download: {
        href: `/api/files/${file.id}`,
        name: file.name,
        bytes: file.bytes,
      },
    }),
  };
}

function textOf(
  status: BatchRecord["status"],
  total: number,
  completed: number,
  fault: string | undefined,
): string {
  if (status === "failed" && fault !== undefined) return fault;
  const answered = `${completed} of ${total} requests were answered`;
  if (status === "cancelled") return `Cancelled: ${answered}.`;
  if (status === "expired") return `The time was over: ${answered}.`;
  return `${answered}.`;
}
