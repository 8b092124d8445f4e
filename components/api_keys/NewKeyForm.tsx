import type { ComponentChildren, VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { ENDPOINT_WORDS, SCOPE_WORDS } from "@/lib/shared/api_key_words.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { KEEP_END } from "@/lib/shared/key_form.ts";
import type { Key } from "@/lib/shared/wire.ts";
import { KeyBounds } from "./KeyBounds.tsx";

export interface NewKeyFormProps {
  form: FormState;
  /** The key that is changed; without it a new one is made. */
  of?: Key;
  /** Whether the viewer may give what only admins give. */
  isAdmin: boolean;
  /** The button that leaves the form. */
  leave: ComponentChildren;
}

/** How long a key can be made for: value of the field, and words. */
const LIVES: readonly [string, string][] = [
  ["", "Never"],
  ["7", "In 7 days"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
];

const DATE = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** When a key ends that is changed and is not to end at another time. */
function keptLife({ expiresAt }: Key): [string, string][] {
  return expiresAt === null
    ? []
    : [[KEEP_END, `As it was: on ${DATE.format(new Date(expiresAt))}`]];
}

/** What a key is to be called, what it may, how long and how much; of a new one, or one that is changed. */
export function NewKeyForm(
  { form, of, isAdmin, leave }: NewKeyFormProps,
): VNode {
  const { values, errors } = form;
  const chosen = (values.scopes ?? "v1").split(" ");
  const scopes = SCOPE_WORDS.filter(({ isForAdmins }) =>
    isAdmin || !isForAdmins
  );
  const nameHint = "Which program it is for, such as nightly-forecast.";
  return (
    <form
      class="stack new-key"
      method="post"
      action="/settings#keys"
      aria-labelledby="new-key-title"
    >
      <input type="hidden" name="section" value="keys" />
      <input
        type="hidden"
        name="action"
        value={of === undefined ? "create" : "update"}
      />
      {of !== undefined && (
        <>
          <input type="hidden" name="id" value={of.id} />
          <input type="hidden" name="version" value={of.version} />
        </>
      )}
      <h2 id="new-key-title" class="anywhere">
        {of === undefined ? "New key" : `Key “${of.name}”`}
      </h2>
      <FormTrouble message={errors[""]} />
      <FormField
        id="key-name"
        label="Name"
        hint={nameHint}
        error={errors.name}
      >
        <input
          class="input"
          id="key-name"
          name="name"
          required
          maxLength={100}
          autocomplete="off"
          autofocus
          value={values.name}
          {...describe("key-name", errors.name, nameHint)}
        />
      </FormField>
      <Choices legend="It may" error={errors.scopes}>
        {scopes.map(({ scope, name, hint }) => (
          <Choice
            key={scope}
            name="scope"
            value={scope}
            isChosen={chosen.includes(scope)}
            hint={hint}
          >
            {name}
          </Choice>
        ))}
        <Choice
          name="readOnly"
          value="on"
          isChosen={values.readOnly === "on"}
          hint="No questions, no changes"
        >
          Reading only
        </Choice>
      </Choices>
      <FormField id="key-ends" label="Ends" error={errors.expiresAt}>
        <select
          class="select"
          id="key-ends"
          name="ends"
          {...describe("key-ends", errors.expiresAt)}
        >
          {[...(of === undefined ? [] : keptLife(of)), ...LIVES].map((
            [value, words],
          ) => (
            <option key={value} value={value} selected={values.ends === value}>
              {words}
            </option>
          ))}
        </select>
      </FormField>
      <KeyBounds form={form}>
        <Choices legend="Endpoints" error={errors.endpoints}>
          {Object.entries(ENDPOINT_WORDS).map(([endpoint, words]) => (
            <Choice
              key={endpoint}
              name="endpoint"
              value={endpoint}
              isChosen={(values.endpoints ?? "").split(" ").includes(endpoint)}
            >
              {words[0].toUpperCase() + words.slice(1)}
            </Choice>
          ))}
          <p class="hint">None chosen: all of them.</p>
        </Choices>
      </KeyBounds>
      <div class="btn-row">
        {leave}
        <button class="btn btn-primary" type="submit">
          {of === undefined ? "Create key" : "Save key"}
        </button>
      </div>
    </form>
  );
}

function Choices(
  { legend, error, children }: {
    legend: string;
    error?: string;
    children: ComponentChildren;
  },
): VNode {
  return (
    <fieldset class="field">
      <legend class="field-label">{legend}</legend>
      <div class="choices">{children}</div>
      {error !== undefined && <p class="field-error">{error}</p>}
    </fieldset>
  );
}

function Choice(
  { name, value, isChosen, hint, children }: {
    name: string;
    value: string;
    isChosen: boolean;
    hint?: string;
    children: ComponentChildren;
  },
): VNode {
  return (
    <label class="check">
      <input type="checkbox" name={name} value={value} checked={isChosen} />
      <span>
        {children}
        {hint !== undefined && <span class="key-bounds">{hint}</span>}
      </span>
    </label>
  );
}
