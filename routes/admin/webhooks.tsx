import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { NewWebhookButton } from "@/components/webhooks/NewWebhook.tsx";
import { WebhookList } from "@/components/webhooks/WebhookList.tsx";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { createWebhook } from "@/lib/http/webhook_form.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load(
  { state, url }: Context<State>,
  shown: { secret: string | null; refused: FormState | null },
) {
  const [places, webhooks] = await Promise.all([
    loadPlaces(state),
    state.services.webhooks.list(state.caller, "workspace"),
  ]);
  const done = url.searchParams.get("done") === "webhook"
    ? "Webhook deleted"
    : "";
  return { ...places, ...shown, webhooks, done };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, { secret: null, refused: null }));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    if (form.get("action") !== "create") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The form is not known.",
      });
    }
    try {
      const { secret } = await createWebhook(ctx.state, "workspace", form);
      return page(await load(ctx, { secret, refused: null }), { status: 201 });
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const { status, form: refused } = error;
      return page(await load(ctx, { secret: null, refused }), { status });
    }
  },
});

/** `/admin/webhooks`: programs that are told what happens in the workspace. */
export default define.page<typeof handler>(function WebhooksPage({ data }) {
  const { viewer, webhooks, secret, refused, done } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Webhooks"
      lede="Programs that are told what happens in the workspace, by signed requests that are repeated until they are accepted. Everybody has their own in the settings."
      tools={refused === null ? <NewWebhookButton /> : undefined}
    >
      <WebhookList
        webhooks={webhooks}
        action="/admin/webhooks"
        scope="workspace"
        readsOnly={false}
        secret={secret}
        refused={refused}
        done={done}
      />
    </AdminPage>
  );
});
