import type { Context } from "fresh";
import * as z from "zod";
import { Account } from "@/components/settings/Account.tsx";
import { name, passwordChangeSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { attemptForm, FormRefused, parseForm } from "@/lib/http/task_form.ts";
import type { State } from "@/utils.ts";
import type { SettingsSection } from "./section.ts";

/** Who the viewer is here, and their password. Local mode has one person and no password. */
export const accountSection: SettingsSection = {
  id: "account",
  title: "Account",
  isShown: ({ caller }) => caller.mode !== "local",
  async load({ state, url }, answer) {
    const { caller, services } = state;
    const [account, hasPassword] = await Promise.all([
      services.users.account(caller.user),
      services.passwordChange.has(caller.user),
    ]);
    return {
      body: () => (
        <Account
          email={account?.email ?? ""}
          name={account?.name ?? ""}
          hasPassword={hasPassword}
          refused={answer}
          done={url.searchParams.get("done")}
        />
      ),
    };
  },
  async act(ctx, form) {
    switch (form.get("action")) {
      case "name":
        return await rename(ctx, form);
      case "password":
        return await changePassword(ctx, form);
    }
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  },
};

const nameSchema = z.strictObject({ name });

async function rename(ctx: Context<State>, form: URLSearchParams) {
  const { caller, services: { users } } = ctx.state;
  const input = parseForm(nameSchema, { name: form.get("name") ?? "" }, form);
  await attemptForm(form, () => users.rename(caller, input.name));
  return ctx.redirect("/settings?done=name#account", 303);
}

async function changePassword(ctx: Context<State>, form: URLSearchParams) {
  const { caller, services: { passwordChange } } = ctx.state;
  const input = parseForm(passwordChangeSchema, {
    oldPassword: form.get("oldPassword") ?? "",
    newPassword: form.get("newPassword") ?? "",
  }, form);
  try {
    await passwordChange.change(caller, input);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const field = error.code === "wrong_password" ? "oldPassword" : "";
    throw new FormRefused(error.status, {
      values: {},
      errors: { [field]: error.message },
    });
  }
  return ctx.redirect("/settings?done=password#account", 303);
}
