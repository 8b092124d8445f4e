/** The section `cache` of the config file: which answers are kept, for whom, and for how long. */
import * as z from "zod";

/** Longest time to live, in seconds: a year. */
const MAX_TTL_SECONDS = 31_536_000;
const MAX_L1_BYTES = 8 * 1024 ** 3;

/** `cache` of the config file. */
export const cacheSchema = z.strictObject({
  policy: z.enum(["off", "deterministic", "all"]).default("deterministic")
    .describe(
      "Which answers are kept: none, those to requests with temperature 0 or a seed, or all",
    ),
  scope: z.enum(["workspace", "user", "key"]).default("workspace")
    .describe(
      "Who gets an answer that was kept: everyone in its workspace, its user, or its API key",
    ),
  ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).default(86_400)
    .describe("Seconds that an answer is kept"),
  l1Bytes: z.int().min(0).max(MAX_L1_BYTES).default(64 * 1024 * 1024)
    .describe(
      "Bytes of memory for answers in each process; 0: only the store keeps them",
    ),
});

/** Which answers are kept, for whom, and for how long. */
export type CacheSettings = z.output<typeof cacheSchema>;
/** Which answers are kept. */
export type CachePolicy = CacheSettings["policy"];
/** Who gets an answer that was kept. */
export type CacheScope = CacheSettings["scope"];

/** The cache where the settings say nothing. */
export const DEFAULT_CACHE: CacheSettings = cacheSchema.parse({});
