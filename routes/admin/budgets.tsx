import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { SubjectChoices } from "@/components/limits/SubjectFields.tsx";
import { BudgetForm } from "@/components/money/BudgetForm.tsx";
import { BudgetTable } from "@/components/money/BudgetTable.tsx";
import { changeBudgets } from "@/lib/http/budget_form.ts";
import { readForm } from "@/lib/http/form.ts";
import { loadSubjectNames } from "@/lib/http/subject_names.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { limitOf } from "@/lib/limits/budget_rules.ts";
import { toBudgetList } from "@/lib/limits/budget_view.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { subjectWords } from "@/lib/shared/limit_words.ts";
import { formatUsd } from "@/lib/shared/usd.ts";
import { define, type State } from "@/utils.ts";

async function load({ state }: Context<State>, form: FormState) {
  const { budgetSettings } = state.services;
  const [places, edited] = await Promise.all([
    loadPlaces(state),
    budgetSettings.edited(state.caller.workspace),
  ]);
  const { items, version } = toBudgetList(budgetSettings.configured, edited);
  const { groups, names } = await loadSubjectNames(state, items);
  const budgets = items.map((item) => {
    const { microUsd } = limitOf(item);
    return {
      ...item,
      usd: microUsd === null ? null : formatUsd(microUsd),
      whom: subjectWords(item, names),
    };
  });
  return { ...places, form, budgets, version, groups };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      await changeBudgets(ctx.state, form);
      return ctx.redirect("/admin/budgets", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/budgets`: what may be spent in the workspace, and by whom. */
export default define.page<typeof handler>(function BudgetsPage({ data }) {
  const { viewer, budgets, form, version, groups } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Budgets"
      changes={["budget."]}
      lede="How much may be spent in a day, a week, a month or in all (UTC). A budget for somebody by name holds in place of one for each; budgets for different kinds all hold."
    >
      {budgets.length === 0
        ? (
          <div class="empty">
            <h3>No budgets yet</h3>
            <p class="soft">Nobody is kept from spending anything.</p>
          </div>
        )
        : <BudgetTable budgets={budgets} version={version} />}
      <section class="section" aria-labelledby="budget-title">
        <h2 id="budget-title">Set a budget</h2>
        <SubjectChoices groups={groups} />
        <BudgetForm form={form} version={version} />
      </section>
    </AdminPage>
  );
});
