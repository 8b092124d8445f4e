import type { ComponentChildren, VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import PasswordField from "@/islands/PasswordField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { SignTrouble } from "./SignTrouble.tsx";

export const NEW_PASSWORD_HINT =
  "12 characters or more. A few words in a row are easy to keep and hard to guess.";

export interface NewAccountFormProps {
  /** Path it is sent to. */
  action: string;
  /** Its field `action`. */
  kind?: string;
  title: string;
  lede: ComponentChildren;
  /** The token of the link that led here. */
  token: string;
  /** Fixed by an invitation; null: it is asked for. */
  email: string | null;
  form: FormState;
  /** Text of the button. */
  submit: string;
}

/** Who someone is and how they get in: of the first owner, and of whoever was invited. */
export function NewAccountForm(
  { action, kind, title, lede, token, email, form, submit }:
    NewAccountFormProps,
): VNode {
  const { values, errors } = form;
  return (
    <form method="post" action={action} aria-labelledby="new-account">
      <div>
        <h1 id="new-account">{title}</h1>
        <p class="lede">{lede}</p>
      </div>
      <SignTrouble form={form} />
      {kind !== undefined && <input type="hidden" name="action" value={kind} />}
      <input type="hidden" name="token" value={token} />
      <FormField id="email" label="Email" error={errors.email}>
        <input
          class="input"
          id="email"
          name="email"
          type="email"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          readOnly={email !== null}
          autofocus={email === null}
          value={email ?? values.email}
          {...describe("email", errors.email)}
        />
      </FormField>
      <FormField id="name" label="Name" error={errors.name}>
        <input
          class="input"
          id="name"
          name="name"
          autocomplete="name"
          required
          autofocus={email !== null}
          value={values.name}
          {...describe("name", errors.name)}
        />
      </FormField>
      <PasswordField
        id="password"
        name="password"
        label="Password"
        autocomplete="new-password"
        hint={NEW_PASSWORD_HINT}
        error={errors.password}
      />
      <button class="btn btn-primary" type="submit">{submit}</button>
    </form>
  );
}
