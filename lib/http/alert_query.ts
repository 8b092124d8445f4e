/** What requests say of alerts: whose they are, which rule, how long a silence. */
import * as z from "zod";
import { alertIdSchema, alertRuleSchema } from "@/lib/config/alerts.ts";
import { invalidRequest } from "@/lib/errors.ts";
import type { AlertOwner, AlertRuleList } from "@/lib/shared/wire.ts";

/** Whose alert it is. */
const ownerSchema = z.enum(["server", "workspace"]);

const MOST_MINUTES = 30 * 24 * 60;
const MAX_SERIES = 500;

/** The body of `POST /api/alerts/silences`. */
export const silenceSchema = z.strictObject({
  scope: ownerSchema,
  rule: alertIdSchema,
  series: z.string().max(MAX_SERIES).nullable().default(null)
    .describe("Which of the things that the rule stands for; null: all"),
  minutes: z.int().min(1).max(MOST_MINUTES)
    .describe("For how long; at most 30 days"),
});

/** The body of `POST /api/alerts/test`. */
export const testSchema = z.strictObject({
  scope: ownerSchema.default("workspace")
    .describe("Who is told: those who run the server, or the workspace"),
});

/** The body of `PUT /api/alerts/rules/:rule`; what is missing stays as the program or the file has it. */
export const ruleBodySchema = z.strictObject(alertRuleSchema.shape)
  .omit({ id: true })
  .extend({
    scope: ownerSchema.optional()
      .describe("Whose rule it is; needed where both have one of this id"),
  });

/** `?scope=`; null: it is not said. @throws {AppError} 400 `invalid_request` */
export function readOwner(text: string | null): AlertOwner | null {
  if (text === null || text === "") return null;
  const parsed = ownerSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalidRequest("scope", "must be server or workspace");
}

/** Whose rule is meant: as it is said, else who has one of that id, else the server's for who runs it. */
export function ownerOfRule(
  { items, versions }: AlertRuleList,
  id: string,
  said: AlertOwner | null,
): AlertOwner {
  return said ?? items.find((rule) => rule.id === id)?.scope ??
    (versions.server === null ? "workspace" : "server");
}
