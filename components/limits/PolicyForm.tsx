import type { ComponentChildren, VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { AMOUNT_WORDS, splitSubject } from "@/lib/shared/limit_words.ts";
import type { LimitPolicy } from "@/lib/shared/wire.ts";
import { SubjectFields } from "./SubjectFields.tsx";

export interface PolicyFormProps {
  /** The policy to change; null: a new one. */
  policy: LimitPolicy | null;
  form: FormState;
  /** Version of the list that it is part of. */
  version: number;
  /** Goes into the ids of its fields. */
  id: string;
  /** The button that leaves the form. */
  leave: ComponentChildren;
}

/** Whom a policy is for, what it is called, and how much. */
export function PolicyForm(
  { policy, form, version, id, leave }: PolicyFormProps,
): VNode {
  const { errors } = form;
  const values = { ...valuesOf(policy), ...form.values };
  const field = (name: string) => `${id}-${name}`;
  return (
    <form
      class="stack"
      method="post"
      action="/admin/limits"
      aria-labelledby={field("title")}
    >
      <input type="hidden" name="action" value="save" />
      <input type="hidden" name="version" value={version} />
      {values.before && (
        <input type="hidden" name="before" value={values.before} />
      )}
      <h2 id={field("title")}>
        {values.before ? "Change policy" : "New policy"}
      </h2>
      <FormTrouble message={errors[""]} />
      <SubjectFields
        id={id}
        kind={values.kind}
        which={values.id}
        error={errors.subject}
      />
      <FormField id={field("name")} label="Name" error={errors.name}>
        <input
          class="input"
          id={field("name")}
          name="name"
          autocomplete="off"
          maxLength={80}
          value={values.name}
          {...describe(field("name"), errors.name)}
        />
      </FormField>
      <div class="limit-amounts">
        {AMOUNT_WORDS.map(({ field: name, label }) => (
          <FormField
            key={name}
            id={field(name)}
            label={label}
            error={errors[name]}
          >
            <input
              class="input tnum"
              id={field(name)}
              name={name}
              inputMode="numeric"
              autocomplete="off"
              placeholder="no limit"
              value={values[name]}
              {...describe(field(name), errors[name])}
            />
          </FormField>
        ))}
      </div>
      <div class="btn-row">
        {leave}
        <button class="btn btn-primary" type="submit">Save policy</button>
      </div>
    </form>
  );
}

function valuesOf(policy: LimitPolicy | null): Record<string, string> {
  if (policy === null) return { kind: "user" };
  const { subject, name } = policy;
  const { kind, id } = splitSubject(subject);
  const amounts = AMOUNT_WORDS.map(({ field }) => [
    field,
    policy[field] === null ? "" : String(policy[field]),
  ]);
  return {
    before: subject,
    kind,
    id: id === "*" ? "" : id,
    name: name === subject ? "" : name,
    ...Object.fromEntries(amounts),
  };
}
