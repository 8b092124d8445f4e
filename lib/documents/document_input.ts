/** What may be said of a document over `/api`. */
import * as z from "zod";
import { isId } from "@/lib/shared/ids.ts";
import { MAX_DOCUMENT_BYTES } from "./upload_limits.ts";

const MAX_NAME_CHARACTERS = 255;
const MAX_URL_CHARACTERS = 2_000;

const name = z.string().trim().min(1, "must not be empty").max(
  MAX_NAME_CHARACTERS,
);

const projectId = z.string().refine((text) => isId("prj", text), {
  error: "must be an id that begins with prj_",
}).nullable();

/** A document whose bytes follow. */
const uploadSchema = z.strictObject({
  name,
  /** Bytes in all. Larger ones are refused with 413 and not here. */
  size: z.int().min(1, "must be at least 1"),
  projectId: projectId.default(null),
});

/** A document that is got from an address. */
const addressSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be a web address" })
    .max(MAX_URL_CHARACTERS),
  name: name.optional(),
  projectId: projectId.default(null),
});

export type NewUpload = z.output<typeof uploadSchema>;
export type NewAddress = z.output<typeof addressSchema>;

/** The schema for what a body wants to be. */
export function newDocumentSchema(json: unknown) {
  const isAddress = typeof json === "object" && json !== null && "url" in json;
  return isAddress ? addressSchema : uploadSchema;
}

export { addressSchema };

/** Both, as the description of the API has them. */
export const documentSchema = z.union([uploadSchema, addressSchema]);

export const documentPatchSchema = z.strictObject({
  name: name.optional(),
  projectId: projectId.optional(),
});

export type DocumentPatch = z.output<typeof documentPatchSchema>;

/** Whether an upload is larger than a document may be. */
export function isTooLarge(bytes: number): boolean {
  return bytes > MAX_DOCUMENT_BYTES;
}
