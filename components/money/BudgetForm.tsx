import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { SubjectFields } from "@/components/limits/SubjectFields.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

const PERIODS: readonly [string, string][] = [
  ["day", "A day"],
  ["week", "A week, from Monday"],
  ["month", "A month"],
  ["total", "In all"],
];

const EMPTY_HINT = "Empty: no bound.";

/** Sets a budget; one for the same subject and period is replaced. */
export function BudgetForm(
  { form, version }: { form: FormState; version: number },
): VNode {
  const { values, errors } = form;
  return (
    <form class="stack" method="post" action="/admin/budgets">
      <input type="hidden" name="action" value="set" />
      <input type="hidden" name="version" value={version} />
      <FormTrouble message={errors[""]} />
      <div class="budget-subject">
        <SubjectFields
          id="budget"
          kind={values.kind ?? "user"}
          which={values.id}
          error={errors.subject}
        />
      </div>
      <div class="money-fields">
        <FormField id="budget-period" label="In" error={errors.period}>
          <select class="select" id="budget-period" name="period">
            {PERIODS.map(([value, words]) => (
              <option
                key={value}
                value={value}
                selected={(values.period ?? "month") === value}
              >
                {words}
              </option>
            ))}
          </select>
        </FormField>
        <Text name="usd" label="US dollars" hint={EMPTY_HINT} form={form} />
        <Text name="tokens" label="Tokens" hint={EMPTY_HINT} form={form} />
        <Text
          name="softPercent"
          label="Warn at percent"
          form={form}
          fallback="80"
          required
        />
      </div>
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Set budget</button>
      </div>
    </form>
  );
}

function Text(
  { name, label, hint, required, fallback, form: { values, errors } }: {
    name: string;
    label: string;
    hint?: string;
    required?: boolean;
    fallback?: string;
    form: FormState;
  },
): VNode {
  const id = `budget-${name}`;
  return (
    <FormField id={id} label={label} hint={hint} error={errors[name]}>
      <input
        class="input"
        id={id}
        name={name}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        required={required}
        value={values[name] ?? fallback}
        {...describe(id, errors[name], hint)}
      />
    </FormField>
  );
}
