/** What a caller may ask of a webhook, checked. */
import * as z from "zod";
import { isEventPattern } from "@/lib/events/event_pattern.ts";

export const MAX_DESCRIPTION_CHARACTERS = 200;
const MAX_URL_CHARACTERS = 2_000;
const MAX_PATTERNS = 50;
/** Events of one replay, at most, whatever is asked for. */
export const MAX_REPLAYED_EVENTS = 10_000;

const url = z.string().trim()
  .min(1, { error: "must not be empty" })
  .max(MAX_URL_CHARACTERS, {
    error: `must have at most ${MAX_URL_CHARACTERS} characters`,
  });

const description = z.string().trim().max(MAX_DESCRIPTION_CHARACTERS, {
  error: `must have at most ${MAX_DESCRIPTION_CHARACTERS} characters`,
});

const events = z.array(
  z.string().trim().refine(isEventPattern, {
    error:
      "must be the type of an event, such as run.completed, or a pattern such as run.* or *",
  }),
).min(1, { error: "must name at least one event" })
  .max(MAX_PATTERNS, { error: `must name at most ${MAX_PATTERNS}` })
  .transform((patterns) => [...new Set(patterns)]);

export const newWebhookSchema = z.strictObject({
  url,
  description: description.default(""),
  events: events.default(["*"]),
  enabled: z.boolean().default(true),
  scope: z.enum(["own", "workspace"], {
    error: "must be own or workspace",
  }).default("own"),
});

export const webhookPatchSchema = z.strictObject({
  url: url.optional(),
  description: description.optional(),
  events: events.optional(),
  enabled: z.boolean().optional(),
});

/** From which event or time on a webhook is told again; with `only`, that event alone. */
export const replaySchema = z.strictObject({
  from: z.string().max(200).optional(),
  since: z.iso.datetime({
    offset: true,
    error: 'must be a time such as "2027-01-31T12:00:00Z"',
  }).transform((text) => Date.parse(text)).optional(),
  only: z.boolean().default(false),
}).refine(({ from, since }) => (from === undefined) !== (since === undefined), {
  error: "must be the id of an event, or since has to be a time",
  path: ["from"],
});

export type NewWebhook = z.output<typeof newWebhookSchema>;
export type WebhookPatch = z.output<typeof webhookPatchSchema>;
export type WantedReplay = z.output<typeof replaySchema>;
