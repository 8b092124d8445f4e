/** The section `limits` of the config file: how much may be asked in a time, and at once. */
import * as z from "zod";
import { parsePattern } from "@/lib/limits/subjects.ts";

/** Largest limit: sums of use stay exact far beyond it. */
const MAX_AMOUNT = 1_000_000_000_000;
const MAX_POLICIES = 500;

const amount = (meaning: string) =>
  z.int().min(0).max(MAX_AMOUNT).nullable().optional()
    .describe(`${meaning}; null or absent: no limit`);

/** What can be limited; each window slides. */
const amounts = {
  requestsPerMinute: amount("Requests in any 60 seconds"),
  requestsPerHour: amount("Requests in any hour"),
  requestsPerDay: amount("Requests in any 24 hours"),
  tokensPerMinute: amount("Tokens, asked and answered, in any 60 seconds"),
  tokensPerHour: amount("Tokens, asked and answered, in any hour"),
  tokensPerDay: amount("Tokens, asked and answered, in any 24 hours"),
  concurrentRuns: amount("Answers in the making at once"),
};

/** Limits without whom they are for, as they stand on a key. */
export const limitAmountsSchema = z.strictObject(amounts);

/** How much may be asked; what is null or absent is not limited. */
export type LimitAmounts = z.output<typeof limitAmountsSchema>;

/** `workspace:ID`, `group:ID`, `user:ID`, `key:ID`, `model:NAME` or `address:IP`; `*` for each. */
export const subjectPatternSchema = z.string().refine(
  (text) => parsePattern(text) !== null,
  {
    error:
      'want workspace, group, user, key, model or address, then ":" and an id or *, such as "key:*"',
  },
).describe(
  "Whom it is for: workspace:ID, group:ID, user:ID, key:ID, model:NAME or address:IP; * in place of the id means each",
);

/** One named policy. */
export const limitPolicySchema = z.strictObject({
  name: z.string().trim().min(1).max(80).optional()
    .describe("Name that people see; the subject unless given"),
  subject: subjectPatternSchema,
  ...amounts,
});

/** `limits` of the config file. */
export const limitsSchema = z.array(limitPolicySchema).max(MAX_POLICIES)
  .superRefine((policies, context) => {
    const seen = new Set<string>();
    for (const [index, { subject }] of policies.entries()) {
      if (seen.has(subject)) {
        context.addIssue({
          code: "custom",
          path: [index, "subject"],
          message: `subject "${subject}" is there twice`,
        });
      }
      seen.add(subject);
    }
  });

/** A policy as it is written down. */
export type LimitPolicySettings = z.output<typeof limitPolicySchema>;
