/** The section `admission` of the config file. */
import * as z from "zod";

export const admissionSchema = z.strictObject({
  maxStreams: z.int().min(1).max(1_000_000).nullable().default(null)
    .describe(
      "Requests in progress at most; null: as many as descriptors and memory allow",
    ),
});

export type AdmissionSettings = z.output<typeof admissionSchema>;
