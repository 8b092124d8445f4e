/** The section `outgoing` of the config file: where addresses that users set may lead. */
import * as z from "zod";
import { parseAllowed } from "@/lib/net/outgoing_rules.ts";

export const outgoingSchema = z.strictObject({
  allow: z.array(
    z.string().refine((text) => parseAllowed(text) !== null, {
      error:
        'want a network or host, such as "10.1.0.0/16" or "hooks.internal"',
    }),
  ).default([]).describe(
    "Networks and hosts beyond the public internet that addresses set by users may lead to",
  ),
});

/** Where addresses that users set may lead, as `readAllowList` takes it. */
export type OutgoingSettings = z.output<typeof outgoingSchema>;
