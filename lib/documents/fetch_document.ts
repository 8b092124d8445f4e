/** Gets a document from an address that somebody has set. */
import { AppError } from "@/lib/errors.ts";
import type { Files } from "@/lib/files/files.ts";
import { guardedFetch, type OutgoingOptions } from "@/lib/net/guarded_fetch.ts";
import type { DocumentStore } from "./document_store.ts";
import { changing } from "./document_errors.ts";
import { UnreadableDocument } from "./engine/steps.ts";
import type { WorkContext } from "./ingestion.ts";
import { newWork } from "./new_document.ts";
import { DOCUMENT_PURPOSE } from "./store_upload.ts";
import { MAX_DOCUMENT_BYTES } from "./upload_limits.ts";

export interface FetchParts {
  store: DocumentStore;
  files: Files;
  /** What may be asked beyond the public internet, and for tests how. */
  outgoing: Pick<OutgoingOptions, "allow" | "resolve">;
}

const TIMEOUT_MS = 10 * 60_000;
const CONFLICTS = 5;
const MEDIA_TYPE = "application/octet-stream";
const MEGABYTE = 1_000_000;

/**
 * @returns a sentence of what came out
 * @throws {UnreadableDocument} when no further attempt can help
 * @throws {AppError} when one may
 */
export async function fetchDocument(
  { store, files, outgoing }: FetchParts,
  { space, input, signal, progress }: WorkContext,
): Promise<string> {
  const { documentId, reading } = input;
  const found = await store.load(space, documentId, signal);
  if (found === null) return "The document was deleted.";
  const { url, fileId, name } = found.record;
  if (url === null || fileId !== null) return "The document is there already.";
  const body = await open(url, outgoing, signal);
  const content = await files.write(counted(body, progress), {
    maxBytes: MAX_DOCUMENT_BYTES,
    signal,
  }).catch((error) => {
    throw mayHelp(error);
  });
  if (content.manifest.length === 0) {
    await files.drop(content);
    throw new UnreadableDocument("The address has nothing to give.");
  }
  for (let tries = 0; tries < CONFLICTS; tries += 1) {
    const loaded = await store.load(space, documentId, signal);
    if (loaded === null || loaded.record.fileId !== null) {
      await files.drop(content);
      return "The document was deleted.";
    }
    const work = await store.loadWork(space, documentId, signal);
    const unit = store.newUnit();
    const file = files.add(unit, space, {
      name,
      mediaType: MEDIA_TYPE,
      purpose: DOCUMENT_PURPOSE,
    }, content);
    store.change(unit, space, loaded, {
      ...loaded.record,
      state: "waiting",
      fileId: file.id,
      bytes: file.bytes,
    });
    const stamp = work?.versionstamp ?? null;
    store.changeWork(unit, space, documentId, stamp, newWork(reading));
    store.setPending(unit, space, documentId, true);
    store.tell(unit, space, documentId, "uploaded", { reading });
    if (await store.commit(unit)) {
      return `${file.bytes.toLocaleString("en")} bytes.`;
    }
  }
  await files.drop(content);
  throw changing();
}

async function open(
  url: string,
  outgoing: FetchParts["outgoing"],
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  let response: Response;
  try {
    response = await guardedFetch(url, { signal }, {
      ...outgoing,
      maxBytes: MAX_DOCUMENT_BYTES,
      timeoutMs: TIMEOUT_MS,
    });
  } catch (error) {
    throw mayHelp(error);
  }
  if (response.ok && response.body !== null) return response.body;
  await response.body?.cancel();
  const told = `The address answered with status ${response.status}.`;
  // Too many requests and what the server has to mend may be over in a moment.
  if (response.status === 429 || response.status >= 500) {
    throw new AppError({
      status: 502,
      code: "address_failed",
      message: told,
      retryable: true,
    });
  }
  throw new UnreadableDocument(told);
}

/** What no further attempt can mend as such. */
function mayHelp(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  if (
    error.code === "address_refused" ||
    error.code === "address_answer_too_large" || error.status === 413
  ) {
    return new UnreadableDocument(
      error.code === "address_refused"
        ? error.message
        : `The document is larger than ${MAX_DOCUMENT_BYTES / MEGABYTE} MB.`,
    );
  }
  return error;
}

/** Says how much has come; how much there is may never be known. */
function counted(
  body: ReadableStream<Uint8Array>,
  progress: WorkContext["progress"],
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        progress(
          bytes / MAX_DOCUMENT_BYTES,
          `${(bytes / MEGABYTE).toFixed(1)} MB have come`,
        );
        controller.enqueue(chunk);
      },
    }),
  );
}
