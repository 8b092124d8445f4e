/** What may be said of a provider that is added or changed while the server runs. */
import * as z from "zod";
import {
  DEFAULT_MAX_CONNECTIONS,
  maxConnectionsSchema,
  providerIdSchema,
  providerModelsSchema,
} from "@/lib/config/file.ts";
import { routeSchema } from "@/lib/config/routes.ts";

const MAX_MODELS = 500;
const MAX_MODEL_CHARACTERS = 200;
const MAX_KEY_CHARACTERS = 4_000;

/** Taken by what is listed beside providers (routes, the demo), and by addresses of the API. */
const RESERVED_IDS = new Set(["freshet", "local", "route", "test"]);

const baseUrl = z.string().min(1).max(4_000)
  .describe("Address up to and including /v1");

const apiKey = z.string().min(1).max(MAX_KEY_CHARACTERS)
  // It becomes part of a header.
  .regex(/^[\x21-\x7e]+$/, {
    error: "want the key alone, without spaces or line breaks",
  })
  .nullable()
  .describe("The key; null: the provider wants none");

const models = providerModelsSchema.refine(
  (names) =>
    names === "discover" ||
    (names.length <= MAX_MODELS &&
      names.every((name) => name.length <= MAX_MODEL_CHARACTERS)),
  {
    error:
      `want at most ${MAX_MODELS} names of at most ${MAX_MODEL_CHARACTERS} characters`,
  },
);

/** A provider that is added. */
export const newProviderSchema = z.strictObject({
  id: providerIdSchema.refine((id) => !RESERVED_IDS.has(id), {
    error: "is taken by Freshet itself; choose another name",
  }),
  baseUrl,
  apiKey: apiKey.default(null),
  models: models.default("discover"),
  maxConnections: maxConnectionsSchema.default(DEFAULT_MAX_CONNECTIONS),
});

const stateSchema = z.enum(["active", "draining", "disabled"])
  .describe("Whether it is asked; of a provider of the settings only this");

/** What changes of a provider; what is missing stays. */
export const providerPatchSchema = z.strictObject({
  baseUrl: baseUrl.optional(),
  apiKey: apiKey.optional(),
  models: models.optional(),
  maxConnections: maxConnectionsSchema.optional(),
  state: stateSchema.optional(),
}).refine((patch) => Object.keys(patch).length > 0, {
  error: "say what to change",
});

/** A provider to be tried that is not kept. */
export const providerTrialSchema = z.strictObject({
  baseUrl,
  apiKey: apiKey.default(null),
});

/** A route that is added. */
export const newRouteSchema = routeSchema;

const timeouts = routeSchema.shape.timeoutsMs.unwrap().shape;

const timeoutsPatchSchema = z.strictObject({
  connect: timeouts.connect.removeDefault().optional(),
  firstToken: timeouts.firstToken.removeDefault().optional(),
  tokenGap: timeouts.tokenGap.removeDefault().optional(),
  total: timeouts.total.removeDefault().optional(),
});

/** What changes of a route; what is missing stays. */
export const routePatchSchema = z.strictObject({
  strategy: routeSchema.shape.strategy.removeDefault().optional(),
  targets: routeSchema.shape.targets.optional(),
  retries: routeSchema.shape.retries.removeDefault().optional(),
  timeoutsMs: timeoutsPatchSchema.optional(),
  isDisabled: z.boolean()
    .describe("Whether nobody may use it; of a route of the settings only this")
    .optional(),
}).refine((patch) => Object.keys(patch).length > 0, {
  error: "say what to change",
});

export type NewProvider = z.output<typeof newProviderSchema>;
export type ProviderPatch = z.output<typeof providerPatchSchema>;
export type ProviderTrial = z.output<typeof providerTrialSchema>;
export type NewRoute = z.output<typeof newRouteSchema>;
export type RoutePatch = z.output<typeof routePatchSchema>;
