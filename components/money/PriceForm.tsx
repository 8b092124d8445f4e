import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

const CACHED_HINT = "Empty: as input.";
const MODEL_HINT = "As callers write it, or with its provider before a slash.";

/** Sets what a model costs from a day on. */
export function PriceForm(
  { form: { values, errors }, models, today, version }: {
    form: FormState;
    /** Names to choose from; any other may be typed. */
    models: string[];
    today: string;
    version: number;
  },
): VNode {
  return (
    <form class="stack" method="post" action="/admin/prices">
      <input type="hidden" name="action" value="set" />
      <input type="hidden" name="version" value={version} />
      <FormTrouble message={errors[""]} />
      <div class="money-fields">
        <FormField
          id="price-model"
          label="Model"
          hint={MODEL_HINT}
          error={errors.model}
        >
          <input
            class="input"
            id="price-model"
            name="model"
            required
            list="price-models"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={values.model}
            {...describe("price-model", errors.model, MODEL_HINT)}
          />
        </FormField>
        <datalist id="price-models">
          {models.map((model) => <option key={model} value={model} />)}
        </datalist>
        <FormField id="price-from" label="From" error={errors.from}>
          <input
            class="input"
            id="price-from"
            name="from"
            type="date"
            required
            value={values.from ?? today}
            {...describe("price-from", errors.from)}
          />
        </FormField>
        <Usd
          name="inputPerMillionUsd"
          label="Input"
          form={{ values, errors }}
          required
        />
        <Usd
          name="cachedInputPerMillionUsd"
          label="Cached input"
          hint={CACHED_HINT}
          form={{ values, errors }}
        />
        <Usd
          name="outputPerMillionUsd"
          label="Output"
          form={{ values, errors }}
          required
        />
      </div>
      <div class="btn-row">
        <button class="btn btn-primary" type="submit">Set price</button>
      </div>
    </form>
  );
}

function Usd(
  { name, label, hint, required, form: { values, errors } }: {
    name: string;
    label: string;
    hint?: string;
    required?: boolean;
    form: FormState;
  },
): VNode {
  const id = `price-${name}`;
  return (
    <FormField id={id} label={label} hint={hint} error={errors[name]}>
      <input
        class="input num"
        id={id}
        name={name}
        inputMode="decimal"
        autocomplete="off"
        required={required}
        value={values[name]}
        {...describe(id, errors[name], hint)}
      />
    </FormField>
  );
}
