/** The forms of webhooks, as they come without a script. */
import type { State } from "@/utils.ts";
import { AppError } from "@/lib/errors.ts";
import {
  newWebhookSchema,
  webhookPatchSchema,
} from "@/lib/webhooks/webhook_input.ts";
import type { Webhook } from "@/lib/shared/wire.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "./task_form.ts";

function fieldsOf(form: URLSearchParams) {
  return {
    url: form.get("url") ?? "",
    description: form.get("description") ?? "",
    events: (form.get("events") ?? "").split(/[\s,]+/).filter((text) =>
      text !== ""
    ),
  };
}

/** What is wrong with the address belongs under its field. */
async function attempt<T>(
  form: URLSearchParams,
  work: () => Promise<T>,
): Promise<T> {
  return await attemptForm(form, async () => {
    try {
      return await work();
    } catch (error) {
      const isOfUrl = error instanceof AppError &&
        error.errors[0]?.path === "url";
      if (!isOfUrl) throw error;
      throw new FormRefused(400, {
        values: Object.fromEntries(form),
        errors: { url: error.message },
      });
    }
  });
}

/** Makes the webhook that a form asks for. @throws {FormRefused} */
export async function createWebhook(
  { services, caller }: State,
  scope: Webhook["scope"],
  form: URLSearchParams,
): Promise<{ webhook: Webhook; secret: string }> {
  const input = parseForm(newWebhookSchema, { ...fieldsOf(form), scope }, form);
  return await attempt(form, () => services.webhooks.create(caller, input));
}

/** Changes a webhook as a form says. @throws {FormRefused} */
export async function saveWebhook(
  { services, caller }: State,
  id: string,
  form: URLSearchParams,
): Promise<void> {
  const patch = parseForm(webhookPatchSchema, fieldsOf(form), form);
  await attempt(
    form,
    () => services.webhooks.update(caller, id, patch, acceptVersion(form)),
  );
}
