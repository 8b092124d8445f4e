/** Makes a file of the parts of an upload that is whole. */
import type { Files } from "@/lib/files/files.ts";
import type { DocumentRecord } from "./document_record.ts";
import type { DocumentStore, Loaded } from "./document_store.ts";
import { MAX_DOCUMENT_BYTES } from "./upload_limits.ts";

/** Purpose of the files of documents. */
export const DOCUMENT_PURPOSE = "document";

/** Nobody but this program reads it, and that looks at the bytes. */
const MEDIA_TYPE = "application/octet-stream";

/**
 * Does nothing when the document has changed meanwhile: whoever calls looks at it again.
 * @throws {StorageError}
 */
export async function storeUpload(
  store: DocumentStore,
  files: Files,
  space: string,
  loaded: Loaded<DocumentRecord>,
  signal: AbortSignal,
): Promise<void> {
  const { id, name } = loaded.record;
  const offsets: number[] = [];
  const parts = store.readParts(
    space,
    id,
    (offset) => offsets.push(offset),
    signal,
  );
  const content = await files.write(
    ReadableStream.from(parts),
    { maxBytes: MAX_DOCUMENT_BYTES, signal },
  );
  const unit = store.newUnit();
  const { id: fileId, bytes } = files.add(unit, space, {
    name,
    mediaType: MEDIA_TYPE,
    purpose: DOCUMENT_PURPOSE,
  }, content);
  store.change(unit, space, loaded, { ...loaded.record, fileId, bytes });
  if (!await store.commit(unit)) {
    await files.drop(content);
    return;
  }
  await store.removeParts(space, id, offsets, signal);
}
