/** The section `requestLog` of the config file: what is kept of what is asked and answered. */
import * as z from "zod";

export const requestLogSchema = z.strictObject({
  bodies: z.boolean().default(false)
    .describe(
      "Whether the record of a request keeps the question and the answer, for retention.requestsDays",
    ),
  redact: z.array(z.enum(["email"])).default([])
    .describe(
      "What is taken out of them besides keys, which always are: email addresses",
    ),
});

/** What is kept of what is asked and answered. */
export type RequestLogSettings = z.output<typeof requestLogSchema>;
