/** What a caller may ask of an API key, checked. */
import * as z from "zod";
import { USD_PATTERN } from "@/lib/shared/usd.ts";
import { KEY_ENDPOINTS, KEY_SCOPES } from "@/lib/shared/key_scopes.ts";

export const MAX_KEY_NAME_CHARACTERS = 100;

const MAX_MODELS = 100;
const MAX_MODEL_CHARACTERS = 200;
const MOST_PER_MINUTE = 1_000_000_000;
const MOST_RUNS = 100_000;
const MOST_TOKENS = 1_000_000_000_000;
const RATIO = "must be a number above 0 and up to 1";

const name = z.string().trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_KEY_NAME_CHARACTERS, {
    error: `must have at most ${MAX_KEY_NAME_CHARACTERS} characters`,
  });

/** Each once, in the order given. */
function listOf<Item extends z.ZodType>(item: Item, most: number) {
  return z.array(item)
    .max(most, { error: `must name at most ${most}` })
    .transform((items) => [...new Set(items)]);
}

const scopes = listOf(
  z.enum(KEY_SCOPES, { error: `must be one of ${KEY_SCOPES.join(", ")}` }),
  20,
).refine((list) => list.length > 0, {
  error: "must name at least one: a key without any could do nothing",
});

const models = listOf(
  z.string().trim().min(1, { error: "must not be empty" })
    .max(MAX_MODEL_CHARACTERS, {
      error: `must have at most ${MAX_MODEL_CHARACTERS} characters`,
    }),
  MAX_MODELS,
).refine((list) => list.length > 0, {
  error: "must name at least one, or be null for all",
}).nullable();

const endpoints = listOf(
  z.enum(KEY_ENDPOINTS, {
    error: `must be one of ${KEY_ENDPOINTS.join(", ")}`,
  }),
  20,
).refine((list) => list.length > 0, {
  error: "must name at least one, or be null for all",
}).nullable();

const expiresAt = z.iso.datetime({
  offset: true,
  error: 'must be a time such as "2027-01-31T12:00:00Z", or null for never',
}).refine((text) => Date.parse(text) > Date.now(), {
  error: "must be in the future",
}).transform((text) => new Date(text).toISOString()).nullable();

function count(most: number) {
  const error = `must be a whole number from 1 to ${most.toLocaleString("en")}`;
  return z.int({ error }).min(1, { error }).max(most, { error })
    .nullable().default(null);
}

const limits = z.strictObject({
  requestsPerMinute: count(MOST_PER_MINUTE),
  tokensPerMinute: count(MOST_PER_MINUTE),
  concurrentRuns: count(MOST_RUNS),
}).transform((given) =>
  Object.values(given).every((value) => value === null) ? null : given
).nullable();

const budget = z.strictObject({
  period: z.enum(["day", "week", "month", "total"], {
    error: "must be day, week, month or total",
  }),
  usd: z.string().regex(USD_PATTERN, {
    error:
      'must be US dollars as a decimal string with at most 6 decimals, such as "2.50"',
  }).nullable().default(null),
  tokens: count(MOST_TOKENS),
  softRatio: z.number({ error: RATIO }).gt(0, { error: RATIO })
    .max(1, { error: RATIO }).default(0.8),
}).refine(({ usd, tokens }) => usd !== null || tokens !== null, {
  error: "must limit usd, tokens or both",
}).nullable();

/** A key to be made; without scopes it may call `/v1`. */
export const newApiKeySchema = z.strictObject({
  name,
  scopes: scopes.default(["v1"]),
  models: models.default(null),
  endpoints: endpoints.default(null),
  readOnly: z.boolean().default(false),
  expiresAt: expiresAt.default(null),
  limits: limits.default(null),
  budget: budget.default(null),
});

/** What is to change of a key. */
export const apiKeyPatchSchema = z.strictObject({
  name: name.optional(),
  scopes: scopes.optional(),
  models: models.optional(),
  endpoints: endpoints.optional(),
  readOnly: z.boolean().optional(),
  expiresAt: expiresAt.optional(),
  limits: limits.optional(),
  budget: budget.optional(),
});

export type NewApiKey = z.output<typeof newApiKeySchema>;
export type ApiKeyPatch = z.output<typeof apiKeyPatchSchema>;
