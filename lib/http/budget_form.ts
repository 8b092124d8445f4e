/** The forms of `/admin/budgets`, as they come without a script. */
import {
  type BudgetRule,
  budgetRuleSchema,
  budgetsSchema,
} from "@/lib/config/budgets.ts";
import { AppError } from "@/lib/errors.ts";
import { readSubject } from "@/lib/http/subject_names.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "@/lib/http/task_form.ts";
import type { State } from "@/utils.ts";

/**
 * Does what a form asks for: sets a budget, or removes one that was set.
 * @throws {FormRefused} when it cannot be done
 */
export async function changeBudgets(
  state: State,
  form: URLSearchParams,
): Promise<void> {
  const { caller, services: { budgetSettings } } = state;
  const isRemoval = form.get("action") === "remove";
  if (!isRemoval && form.get("action") !== "set") throw unknownForm();
  const accept = acceptVersion(form);
  const rule = isRemoval
    ? null
    : readRule(await readSubject(state, form), form);
  await attemptForm(form, async () => {
    const { rules, version } = await budgetSettings.edited(caller.workspace);
    accept(version);
    const place = rule ??
      { subject: form.get("subject"), period: form.get("period") };
    const others = rules.filter(({ subject, period }) =>
      subject !== place.subject || period !== place.period
    );
    const next = rule === null ? others : [...others, rule];
    parseForm(budgetsSchema, next, form);
    await budgetSettings.set(caller, next, accept);
  });
}

function readRule(subject: string, form: URLSearchParams): BudgetRule {
  const text = (name: string) => (form.get(name) ?? "").trim();
  const amount = (name: string) => text(name) === "" ? null : text(name);
  const tokens = amount("tokens");
  const percent = Number(text("softPercent"));
  const rule = parseForm(budgetRuleSchema, {
    subject,
    period: text("period"),
    usd: amount("usd"),
    tokens: tokens === null ? null : Number(tokens.replaceAll(",", "")),
    softRatio: percent > 0 && percent <= 100 ? percent / 100 : 0.8,
  }, form);
  if (percent > 0 && percent <= 100) return rule;
  throw new FormRefused(400, {
    values: Object.fromEntries(form),
    errors: { softPercent: "Want a number above 0 and up to 100" },
  });
}

function unknownForm(): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}
