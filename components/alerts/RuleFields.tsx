import type { ComponentChildren, VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

/** A labelled control of a rule. */
export function Field(
  { name, label, hint, form, children }: {
    name: string;
    label: string;
    hint?: string;
    form: FormState;
    children: ComponentChildren;
  },
): VNode {
  return (
    <FormField
      id={`rule-${name}`}
      label={label}
      hint={hint}
      error={form.errors[name]}
    >
      {children}
    </FormField>
  );
}

/** One of the choices of a select. */
export function Choice(
  { name, value, start, form, children }: {
    name: string;
    value: string;
    start: string;
    form: FormState;
    children: ComponentChildren;
  },
): VNode {
  return (
    <option value={value} selected={(form.values[name] ?? start) === value}>
      {children}
    </option>
  );
}

/** A line of text of a rule. */
export function Text(
  { name, label, hint, form, start, placeholder, isShort, isRequired }: {
    name: string;
    label: string;
    hint?: string;
    form: FormState;
    /** What it holds when nobody has typed yet. */
    start?: string;
    placeholder?: string;
    isShort?: boolean;
    isRequired?: boolean;
  },
): VNode {
  return (
    <Field name={name} label={label} hint={hint} form={form}>
      <input
        class={`input${isShort ? " alert-short" : ""}`}
        id={`rule-${name}`}
        name={name}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        required={isRequired}
        placeholder={placeholder}
        value={form.values[name] ?? start}
        {...describe(`rule-${name}`, form.errors[name], hint)}
      />
    </Field>
  );
}
