import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import PasswordField from "@/islands/PasswordField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { NEW_PASSWORD_HINT } from "./NewAccountForm.tsx";
import { SignTrouble } from "./SignTrouble.tsx";

/** Asks for the link by which a new password is chosen. */
export function AskReset({ form }: { form: FormState }): VNode {
  const { values, errors } = form;
  return (
    <form method="post" action="/reset" aria-labelledby="reset">
      <div>
        <h1 id="reset">New password</h1>
        <p class="lede">A link to choose one is sent to your address.</p>
      </div>
      <SignTrouble form={form} />
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
          autofocus
          value={values.email}
          {...describe("email", errors.email)}
        />
      </FormField>
      <button class="btn btn-primary" type="submit">Send link</button>
    </form>
  );
}

/** Chooses the new password. */
export function NewPassword(
  { token, form }: { token: string; form: FormState },
): VNode {
  return (
    <form method="post" action="/reset" aria-labelledby="reset">
      <div>
        <h1 id="reset">New password</h1>
        <p class="lede">
          With it, every browser that is signed in to your account is signed
          out.
        </p>
      </div>
      <SignTrouble form={form} />
      <input type="hidden" name="token" value={token} />
      <PasswordField
        id="password"
        name="password"
        label="New password"
        autocomplete="new-password"
        hint={NEW_PASSWORD_HINT}
        error={form.errors.password}
        isFirst
      />
      <button class="btn btn-primary" type="submit">Change password</button>
    </form>
  );
}
