/** Which settings of the server can be set while it runs, and to what. */
import * as z from "zod";
import { admissionSchema } from "@/lib/config/admission.ts";
import { cacheSchema } from "@/lib/config/cache.ts";
import { requestLogSchema } from "@/lib/config/request_log.ts";

const MAX_MODEL_CHARACTERS = 200;

const { policy, scope, ttlSeconds } = cacheSchema.shape;
const { bodies, redact } = requestLogSchema.shape;

/** As in the sections of the config file by the same names. */
const sectionsSchema = z.strictObject({
  titles: z.strictObject({
    enabled: z.boolean(),
    model: z.string().trim().min(1, { error: "must not be empty" })
      .max(MAX_MODEL_CHARACTERS, {
        error: `must have at most ${MAX_MODEL_CHARACTERS} characters`,
      }).nullable(),
  }),
  cache: z.strictObject({
    policy: policy.unwrap(),
    scope: scope.unwrap(),
    ttlSeconds: ttlSeconds.unwrap(),
  }),
  requestLog: z.strictObject({
    bodies: bodies.unwrap(),
    redact: redact.unwrap(),
  }),
  admission: z.strictObject({
    maxStreams: admissionSchema.shape.maxStreams.unwrap(),
  }),
});

/** The settings that can be set while the server runs. */
export type RunningSettings = z.output<typeof sectionsSchema>;

/** Name of a section. */
export type SettingsSectionName = keyof RunningSettings;

/** Names of the settings, as `cache.policy`. */
export const SETTING_NAMES: readonly string[] = Object.entries(
  sectionsSchema.shape,
).flatMap(([section, schema]) =>
  Object.keys(schema.shape).map((member) => `${section}.${member}`)
);

const shape = sectionsSchema.shape;

/** What is to change. What `reset` names is what the config file says again. */
export const settingsPatchSchema = z.strictObject({
  titles: shape.titles.partial().optional(),
  cache: shape.cache.partial().optional(),
  requestLog: shape.requestLog.partial().optional(),
  admission: shape.admission.partial().optional(),
  reset: z.array(
    z.string().refine((name) => SETTING_NAMES.includes(name), {
      error: `must be one of ${SETTING_NAMES.join(", ")}`,
    }),
  ).max(50).optional(),
});

export type SettingsPatch = z.output<typeof settingsPatchSchema>;
