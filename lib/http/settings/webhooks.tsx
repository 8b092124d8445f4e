import { NewWebhookButton } from "@/components/webhooks/NewWebhook.tsx";
import { WebhookList } from "@/components/webhooks/WebhookList.tsx";
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import { createWebhook } from "@/lib/http/webhook_form.ts";
import { EMPTY_FORM } from "@/lib/shared/form_state.ts";
import type { SettingsSection } from "./section.ts";

/** The webhooks that are told the viewer's own events. */
export const webhooksSection: SettingsSection = {
  id: "webhooks",
  title: "Webhooks",
  isShown: ({ caller }) => mayActAs(caller, "member"),
  async load({ state: { caller, services }, url }, answer) {
    const webhooks = await services.webhooks.list(caller, "own");
    const secret = (answer?.shown ?? null) as string | null;
    const refused = answer === null || secret !== null ? null : answer.form;
    return {
      tools: refused === null ? () => <NewWebhookButton /> : undefined,
      body: () => (
        <WebhookList
          webhooks={webhooks}
          action="/settings#webhooks"
          scope="own"
          readsOnly={false}
          secret={secret}
          refused={refused}
          done={url.searchParams.get("done") === "webhook"
            ? "Webhook deleted"
            : ""}
        />
      ),
    };
  },
  async act(ctx, form) {
    if (form.get("action") !== "create") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The form is not known.",
      });
    }
    const { secret } = await createWebhook(ctx.state, "own", form);
    return { status: 201, action: "create", form: EMPTY_FORM, shown: secret };
  },
};
