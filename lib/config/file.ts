/** The JSON file that `FRESHET_CONFIG` names: its sections, their defaults and its JSON Schema. */
import * as z from "zod";
import { USD_PATTERN } from "@/lib/shared/usd.ts";
import { admissionSchema } from "./admission.ts";
import { alertsSchema } from "./alerts.ts";
import { budgetsSchema } from "./budgets.ts";
import { cacheSchema } from "./cache.ts";
import { wrongSetting } from "./config_error.ts";
import { oidcSchema } from "./oidc.ts";
import { limitsSchema } from "./limits.ts";
import { outgoingSchema } from "./outgoing.ts";
import { requestLogSchema } from "./request_log.ts";
import { breakerSchema, routesSchema } from "./routes.ts";

export const DEFAULT_MAX_CONNECTIONS = 200;

const MAX_RUN_EVENTS_MINUTES = 525_600;
const MAX_DAYS = 36_500;

/** An address of a provider. */
export const httpUrl = z.url({ protocol: /^https?$/ });

/** How a provider is called: what stands before the slash of its models' names. */
export const providerIdSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: "want a to z, digits, - and _, at most 63 of them",
}).describe("Name of the provider: a to z, digits, - and _");

/** Which models a provider has. */
export const providerModelsSchema = z.union([
  z.array(z.string().min(1)).min(1),
  z.literal("discover"),
]).describe("Model names, or discover");

/** How many connections a provider gets. */
export const maxConnectionsSchema = z.int().min(1).max(10_000)
  .describe("Sockets kept to this provider at most");

const providerSchema = z.strictObject({
  id: providerIdSchema,
  baseUrl: httpUrl.describe("Address up to and including /v1"),
  apiKeyEnv: z.string().min(1).optional()
    .describe("Environment variable that holds the key"),
  apiKey: z.string().min(1).optional().describe("The key itself"),
  models: providerModelsSchema.default("discover"),
  maxConnections: maxConnectionsSchema.default(DEFAULT_MAX_CONNECTIONS),
}).refine((provider) => !(provider.apiKey && provider.apiKeyEnv), {
  error: "give apiKey or apiKeyEnv, not both",
});

const usd = z.string().regex(USD_PATTERN, {
  error:
    'want US dollars as a decimal string of at least 0 with at most 6 decimals, such as "0.075"',
});

/** What a model costs from a day on, as it is written down. */
export const priceSchema = z.strictObject({
  model: z.string().min(1).describe(
    "Name of the model, plain or with its provider",
  ),
  from: z.iso.date({ error: 'want a date, such as "2026-01-01"' })
    .describe("First day of this price; it begins at midnight UTC"),
  inputPerMillionUsd: usd.describe("US dollars for a million input tokens"),
  cachedInputPerMillionUsd: usd.optional()
    .describe(
      "US dollars for a million input tokens that the provider had cached; the input price unless given",
    ),
  outputPerMillionUsd: usd.describe("US dollars for a million output tokens"),
});

/** Prices with their history: no model has two from one day. */
export const pricesSchema = z.array(priceSchema).superRefine(
  (prices, context) => {
    const seen = new Set<string>();
    for (const [index, { model, from }] of prices.entries()) {
      const place = `${from} ${model}`;
      if (seen.has(place)) {
        context.addIssue({
          code: "custom",
          path: [index],
          message: `model "${model}" has another price from "${from}"`,
        });
      }
      seen.add(place);
    }
  },
);

const titlesSchema = z.strictObject({
  enabled: z.boolean().default(true)
    .describe("Whether a model makes the titles of threads"),
  model: z.string().min(1).nullable().default(null)
    .describe(
      "Model that makes them; null: the cheapest priced one of the provider that answered",
    ),
});

const retentionSchema = z.strictObject({
  runEventsMinutes: z.int().min(1).max(MAX_RUN_EVENTS_MINUTES).default(60)
    .describe("Minutes after its end that a run keeps its single events"),
  runsDays: z.int().min(1).max(MAX_DAYS).default(30)
    .describe("Days that a run is kept"),
  requestsDays: z.int().min(1).max(MAX_DAYS).default(90)
    .describe("Days that the record of a request is kept"),
});

/** What a model costs from a day on. */
export type PriceSettings = z.output<typeof priceSchema>;
/** Whether and by which model titles of threads are made. */
export type TitleSettings = z.output<typeof titlesSchema>;
/** How long things are kept. */
export type RetentionSettings = z.output<typeof retentionSchema>;

const configFileSchema = z.strictObject({
  $schema: z.string().optional(),
  providers: z.array(providerSchema).default([])
    .describe("OpenAI-compatible services"),
  routes: routesSchema.default([])
    .describe("Names that lead to several models"),
  breaker: breakerSchema.prefault({})
    .describe("When a model of a provider is no longer asked"),
  admission: admissionSchema.prefault({})
    .describe("How much work is taken in at a time"),
  cache: cacheSchema.prefault({}).describe("Answers that are kept"),
  budgets: budgetsSchema.default([])
    .describe("How much may be spent in a period"),
  prices: pricesSchema.default([]).describe("What models cost"),
  limits: limitsSchema.default([])
    .describe("How much may be asked in a time, and at once"),
  titles: titlesSchema.prefault({}).describe("Titles of threads"),
  retention: retentionSchema.prefault({})
    .describe("How long things are kept"),
  requestLog: requestLogSchema.prefault({})
    .describe("What is kept of requests that ask a model"),
  outgoing: outgoingSchema.prefault({})
    .describe("Where addresses that users set may lead"),
  alerts: alertsSchema.default([])
    .describe(
      "What is watched, besides what is by default; a rule of the same id changes that",
    ),
  oidc: oidcSchema.prefault({})
    .describe("Whom the identity provider lets in, and as what"),
});

/** The file with every default filled in. */
export type ConfigFile = z.output<typeof configFileSchema>;

/** The JSON Schema (2020-12) of the `FRESHET_CONFIG` file; served at `/schema/config.json`. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configFileSchema, { io: "input" }),
    title: "Freshet configuration",
  };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const section = [path, issue.keys[0]].filter((part) => part !== "").join(
      ".",
    );
    return `section "${section}" is not known to this version`;
  }
  return `${path || "the file"}: ${issue.message}`;
}

/**
 * Reads and checks the file; no path gives the defaults.
 * @throws {ConfigError} that names the first place which is wrong
 */
export async function readConfigFile(
  path: string | undefined,
  readText: (path: string) => Promise<string>,
): Promise<ConfigFile> {
  if (!path) return configFileSchema.parse({});
  let json: unknown;
  try {
    json = JSON.parse(await readText(path));
  } catch (error) {
    const reason = error instanceof SyntaxError
      ? `want JSON: ${error.message}`
      : "want the path of a readable JSON file";
    throw wrongSetting("FRESHET_CONFIG", path, reason);
  }
  const parsed = configFileSchema.safeParse(json);
  if (!parsed.success) {
    throw wrongSetting("FRESHET_CONFIG", path, firstIssue(parsed.error));
  }
  return parsed.data;
}
