import type { ComponentChildren, VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

/** Fields that most keys leave empty; open when one of them was refused or says something. */
const FIELDS = ["models", "endpoints", "limits", "budget"];
const TEXTS = [
  "models",
  "endpoints",
  "requestsPerMinute",
  "tokensPerMinute",
  "concurrentRuns",
  "usd",
  "tokens",
];

const PERIODS: readonly [string, string][] = [
  ["day", "A day"],
  ["week", "A week"],
  ["month", "A month"],
  ["total", "In all"],
];

const MODELS_HINT =
  "Names as callers write them, routes too, separated by commas. Empty: all.";

/** What bounds a new key besides what it may: endpoints (as given), models, limits, a budget. */
export function KeyBounds(
  { form: { values, errors }, children }: {
    form: FormState;
    children: ComponentChildren;
  },
): VNode {
  const isOpen = FIELDS.some((field) => errors[field] !== undefined) ||
    TEXTS.some((name) => Boolean(values[name]));
  return (
    <details class="key-more" open={isOpen}>
      <summary class="link-btn">Models, limits and budget</summary>
      <div class="stack mt-4">
        {children}
        <FormField
          id="key-models"
          label="Models"
          hint={MODELS_HINT}
          error={errors.models}
        >
          <input
            class="input"
            id="key-models"
            name="models"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={values.models}
            {...describe("key-models", errors.models, MODELS_HINT)}
          />
        </FormField>
        <fieldset class="field">
          <legend class="field-label">Limits of its own</legend>
          <div class="key-amounts">
            <Amount name="requestsPerMinute" values={values}>
              Requests a minute
            </Amount>
            <Amount name="tokensPerMinute" values={values}>
              Tokens a minute
            </Amount>
            <Amount name="concurrentRuns" values={values}>
              Answers at once
            </Amount>
          </div>
          {errors.limits !== undefined && (
            <p class="field-error">{errors.limits}</p>
          )}
        </fieldset>
        <fieldset class="field">
          <legend class="field-label">Budget of its own</legend>
          <div class="key-amounts">
            <Amount name="usd" values={values} isDecimal>US dollars</Amount>
            <Amount name="tokens" values={values}>Tokens</Amount>
            <div class="field">
              <label class="hint" for="key-period">In which time</label>
              <select class="select" id="key-period" name="period">
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
            </div>
          </div>
          {errors.budget !== undefined && (
            <p class="field-error">{errors.budget}</p>
          )}
        </fieldset>
        <p class="hint">
          They hold besides what the workspace sets. Empty: none.
        </p>
      </div>
    </details>
  );
}

function Amount(
  { name, values, isDecimal = false, children }: {
    name: string;
    values: Record<string, string>;
    isDecimal?: boolean;
    children: ComponentChildren;
  },
): VNode {
  const id = `key-${name}`;
  return (
    <div class="field">
      <label class="hint" for={id}>{children}</label>
      <input
        class="input tnum"
        id={id}
        name={name}
        inputMode={isDecimal ? "decimal" : "numeric"}
        autocomplete="off"
        value={values[name]}
      />
    </div>
  );
}
