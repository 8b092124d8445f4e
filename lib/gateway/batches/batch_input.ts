/** What requests under `/v1/batches` say (https://platform.openai.com/docs/api-reference/batch/create). */
import * as z from "zod";
import { expirySchema } from "../files/file_input.ts";
import { BATCH_ENDPOINTS } from "./batch_record.ts";

const MAX_ID_CHARACTERS = 100;
const MAX_METADATA = 16;
const MAX_METADATA_NAME_CHARACTERS = 64;
const MAX_METADATA_CHARACTERS = 512;
const MAX_LISTED = 100;
const DEFAULT_LISTED = 20;

export const createBatchSchema = z.object({
  input_file_id: z.string().min(1).max(MAX_ID_CHARACTERS),
  endpoint: z.enum(BATCH_ENDPOINTS),
  completion_window: z.literal("24h"),
  metadata: z.record(
    z.string().max(MAX_METADATA_NAME_CHARACTERS),
    z.string().max(MAX_METADATA_CHARACTERS),
  ).refine((metadata) => Object.keys(metadata).length <= MAX_METADATA, {
    message: `may have ${MAX_METADATA} entries at most`,
  }).nullish(),
  output_expires_after: expirySchema.nullish(),
});

export type NewBatch = z.output<typeof createBatchSchema>;

export const batchListSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(DEFAULT_LISTED),
  after: z.string().max(MAX_ID_CHARACTERS).optional(),
  before: z.string().max(MAX_ID_CHARACTERS).optional(),
});

export type BatchListQuery = z.output<typeof batchListSchema>;
