/** The sections `routes` and `breaker` of the config file: names that lead to several models. */
import * as z from "zod";

/** Timers hold no more than 2^31 - 1 milliseconds; nobody waits for a day. */
const MAX_TIMEOUT_MS = 86_400_000;
const MAX_WINDOW_MS = 3_600_000;
const MAX_TARGETS = 32;
const MAX_RETRIES = 10;

const timeout = (defaultMs: number, meaning: string) =>
  z.int().min(1).max(MAX_TIMEOUT_MS).default(defaultMs)
    .describe(`Milliseconds ${meaning}`);

const targetSchema = z.strictObject({
  provider: z.string().min(1).describe("Id of the provider"),
  model: z.string().min(1).describe("The provider's own name of the model"),
  weight: z.number().min(0).max(1_000_000).default(1)
    .describe("Share of the requests, with the strategy weighted"),
});

/** One route. */
export const routeSchema = z.strictObject({
  // Without a slash, so that `<provider>/<model>` always leads to that model itself.
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,62}$/, {
    error: "want letters, digits, and . _ : - between them",
  }).describe("Name that callers use as a model"),
  strategy: z.enum(["priority", "weighted", "least-latency"])
    .default("priority")
    .describe("Which target is asked first; the others follow when it fails"),
  targets: z.array(targetSchema).min(1).max(MAX_TARGETS)
    .describe("Models that may answer"),
  retries: z.int().min(0).max(MAX_RETRIES).default(2)
    .describe("Attempts after the first at each target"),
  timeoutsMs: z.strictObject({
    connect: timeout(5000, "until a connection is up"),
    firstToken: timeout(30_000, "until the first token, for each attempt"),
    tokenGap: timeout(20_000, "between tokens, while somebody reads"),
    total: timeout(600_000, "for the whole answer, all attempts together"),
  }).prefault({}).describe("Deadlines"),
});

/** `routes` of the config file. */
export const routesSchema = z.array(routeSchema).superRefine(
  (routes, context) => {
    const seen = new Set<string>();
    for (const [index, { id }] of routes.entries()) {
      if (seen.has(id)) {
        context.addIssue({
          code: "custom",
          path: [index, "id"],
          message: `route "${id}" is there twice`,
        });
      }
      seen.add(id);
    }
  },
);

/** `breaker` of the config file. */
export const breakerSchema = z.strictObject({
  failures: z.int().min(1).max(1000).default(5)
    .describe(
      "Failures within the window that open it, once they are a tenth of what ended in it",
    ),
  windowMs: z.int().min(1).max(MAX_WINDOW_MS).default(30_000)
    .describe("Milliseconds that a failure counts"),
  openMs: z.int().min(1).max(MAX_WINDOW_MS).default(15_000)
    .describe("Milliseconds until one request may try again"),
});

/** A name that leads to several models. */
export type RouteSettings = z.output<typeof routeSchema>;
/** Which target is asked first. */
export type RouteStrategy = RouteSettings["strategy"];
/** When a model of a provider is no longer asked. */
export type BreakerSettings = z.output<typeof breakerSchema>;

/** The breaker where the settings say nothing. */
export const DEFAULT_BREAKER: BreakerSettings = breakerSchema.parse({});

/**
 * The first target that nobody serves: its place in the section and what is wrong with it, or null. A
 * provider that is asked for its models may turn out to serve any.
 */
export function unknownTarget(
  routes: RouteSettings[],
  providers: { id: string; models: string[] | "discover" }[],
): string | null {
  for (const [index, route] of routes.entries()) {
    for (const [place, { provider, model }] of route.targets.entries()) {
      const path = `routes.${index}.targets.${place}`;
      const served = providers.find(({ id }) => id === provider);
      if (served === undefined) {
        return `${path}.provider: there is no provider "${provider}"`;
      }
      if (served.models !== "discover" && !served.models.includes(model)) {
        return `${path}.model: provider "${provider}" has no model "${model}"`;
      }
    }
  }
  return null;
}
