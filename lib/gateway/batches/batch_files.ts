/** Makes the files of a batch of what its lines have come to, and ends it with them. */
import type { Content } from "@/lib/files/file_content.ts";
import type { NewFile } from "@/lib/files/file_record.ts";
import type { Files } from "@/lib/files/files.ts";
import { readLines } from "./batch_lines.ts";
import type { BatchRecord } from "./batch_record.ts";
import { isFault, MAX_LINE_BYTES, readRequest } from "./batch_request.ts";
import type { BatchStore, ResultKind, Writer } from "./batch_store.ts";
import { type NotAsked, notAskedLine } from "./line_result.ts";

export interface FilesOfBatch {
  store: BatchStore;
  files: Files;
  incarnation: Writer;
  space: string;
  record: BatchRecord;
  signal: AbortSignal;
}

const DAY_SECONDS = 24 * 60 * 60;
const KEPT_SECONDS = 30 * DAY_SECONDS;

/**
 * Ends a batch whose ending is known. Both files appear in the atomic that ends it, so nobody ever sees one
 * without the other; one that has changed meanwhile stays as it is.
 */
export async function makeFiles(made: FilesOfBatch): Promise<void> {
  const { store, files, incarnation, space, record } = made;
  const notAsked = { count: 0 };
  const output = await write(made, lines(made, "output"));
  let error: Content | null = null;
  let isKept = false;
  try {
    error = await write(made, errorLines(made, notAsked));
    const progress = await store.progress(space, record.id);
    const after = await store.finish(incarnation, space, record.id, {
      files,
      contents: { output, error },
      about: (kind) => about(made, kind),
      next: (now, files) => ({
        ...now,
        status: now.ending ?? "completed",
        endedAtMs: store.clock.now(),
        counts: {
          completed: progress.completed,
          failed: progress.failed + notAsked.count,
          usage: progress.usage,
        },
        outputFileId: files.output?.id ?? null,
        errorFileId: files.error?.id ?? null,
      }),
    });
    isKept = after !== null;
  } finally {
    if (!isKept) {
      for (const content of [output, error]) {
        if (content !== null) await files.drop(content);
      }
    }
  }
}

function about({ store, record }: FilesOfBatch, kind: ResultKind): NewFile {
  const seconds = record.outputSeconds ?? KEPT_SECONDS;
  return {
    name: `${record.id}_${kind}.jsonl`,
    mediaType: "application/jsonl",
    purpose: "batch_output",
    user: record.askedBy.user,
    expiresAtMs: store.clock.now() + seconds * 1_000,
  };
}

/** Null: there is no line. */
async function write(
  { files, signal }: FilesOfBatch,
  lines: AsyncIterable<string>,
): Promise<Content | null> {
  const content = await files.write(
    ReadableStream.from(lines).pipeThrough(new TextEncoderStream()),
    { maxBytes: Infinity, signal },
  );
  return content.manifest.length === 0 ? null : content;
}

async function* lines(
  { store, space, record, signal }: FilesOfBatch,
  kind: ResultKind,
): AsyncGenerator<string, void, void> {
  for await (const { text } of store.results(space, record.id, kind, signal)) {
    yield `${text}\n`;
  }
}

/** Refusals and failures by line, among them what was never asked where the batch did not come to its end. */
async function* errorLines(
  made: FilesOfBatch,
  notAsked: { count: number },
): AsyncGenerator<string, void, void> {
  const { store, files, space, record, signal } = made;
  const code = notAskedCode(record);
  const input = code === null
    ? null
    : await files.find(space, record.inputFileId);
  if (code === null || input === null) return yield* lines(made, "error");
  const finished = await store.finishedFrom(space, record.id, 0);
  const errors = store.results(space, record.id, "error", signal);
  let next = await errors.next();
  const all = readLines(
    files.read(space, input.id),
    { line: 0, offset: 0 },
    MAX_LINE_BYTES,
  );
  for await (const line of all) {
    if (!next.done && next.value.line === line.number) {
      yield `${next.value.text}\n`;
      next = await errors.next();
    } else if (!finished.has(line.number)) {
      const read = readRequest(line, record.endpoint);
      notAsked.count += 1;
      yield `${notAskedLine(isFault(read) ? "" : read.customId, code)}\n`;
    }
  }
}

function notAskedCode({ ending }: BatchRecord): NotAsked | null {
  if (ending === "expired") return "batch_expired";
  return ending === "failed" ? "batch_failed" : null;
}
