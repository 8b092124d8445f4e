/** The section `budgets` of the config file: how much may be spent in a day, a week, a month, or at all. */
import * as z from "zod";
import { USD_PATTERN } from "@/lib/shared/usd.ts";
import { subjectPatternSchema } from "./limits.ts";

/** Largest count of tokens: sums of use stay exact far beyond it. */
const MAX_TOKENS = 1_000_000_000_000;
const MAX_BUDGETS = 300;
const DEFAULT_SOFT_RATIO = 0.8;

/** Spans of time that a budget is for, by the calendar in UTC; weeks begin on Monday (ISO 8601). */
export const BUDGET_PERIODS = ["day", "week", "month", "total"] as const;

/** How long a budget lasts until it begins anew; `total`: it never does. */
export type BudgetPeriod = typeof BUDGET_PERIODS[number];

const amounts = {
  period: z.enum(BUDGET_PERIODS).describe(
    "When it begins anew, in UTC: each day, each Monday, on the first of each month, or never",
  ),
  usd: z.string().regex(USD_PATTERN, {
    error:
      'want US dollars as a decimal string of at least 0 with at most 6 decimals, such as "1.00"',
  }).nullable().optional()
    .describe(
      "US dollars; null or absent: no bound. Models without a price cost nothing here",
    ),
  tokens: z.int().min(0).max(MAX_TOKENS).nullable().optional()
    .describe("Tokens, asked and answered; null or absent: no bound"),
  softRatio: z.number().gt(0).max(1).default(DEFAULT_SOFT_RATIO)
    .describe("Part of it after which a warning is sent, above 0 and up to 1"),
};

/** A budget without whom it is for, as it stands on a key. */
export const budgetAmountsSchema = z.strictObject(amounts);

/** How much may be spent in a period; what is null or absent is not bounded. */
export type BudgetAmounts = z.output<typeof budgetAmountsSchema>;

/** One budget. */
export const budgetRuleSchema = z.strictObject({
  subject: subjectPatternSchema,
  ...amounts,
});

/** A budget as it is written down. */
export type BudgetRule = z.output<typeof budgetRuleSchema>;

/** `budgets` of the config file. */
export const budgetsSchema = z.array(budgetRuleSchema).max(MAX_BUDGETS)
  .superRefine((rules, context) => {
    const seen = new Set<string>();
    for (const [index, { subject, period }] of rules.entries()) {
      const place = `${period} ${subject}`;
      if (seen.has(place)) {
        context.addIssue({
          code: "custom",
          path: [index],
          message: `subject "${subject}" has another budget for "${period}"`,
        });
      }
      seen.add(place);
    }
  });
