import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { WebhookBody } from "@/components/webhooks/WebhookBody.tsx";
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { saveWebhook } from "@/lib/http/webhook_form.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { webhookHost } from "@/lib/shared/webhook_words.ts";
import { define, type State } from "@/utils.ts";

const DELIVERIES_ON_A_PAGE = 25;
const HOUR_MS = 3_600_000;

/** What was just done, by the parameter `done` of the address. */
const DONE: Readonly<Record<string, string>> = {
  save: "Webhook saved",
  on: "Webhook switched on",
  off: "Webhook switched off",
  test: "Test sent",
  resend: "Delivery sent again",
  replay: "Events are being sent again",
};

async function load(
  { state, url, params, req }: Context<State>,
  shown: { secret: string | null; refused: FormState | null },
) {
  const { caller, services: { webhooks } } = state;
  const query = readPageQuery(url, DELIVERIES_ON_A_PAGE);
  const [places, webhook, deliveries] = await Promise.all([
    loadPlaces(state),
    webhooks.require(caller, params.webhook),
    webhooks.deliveries(caller, params.webhook, query, req.signal),
  ]);
  return {
    ...places,
    ...shown,
    webhook,
    deliveries,
    cursor: query.cursor,
    limit: query.limit,
    readsOnly: !mayActAs(caller, "member"),
    done: DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

/** Does what a form asks for; where it leads, or a secret to show. */
async function act(
  { state, params: { webhook: id } }: Context<State>,
  form: URLSearchParams,
): Promise<{ path: string } | { secret: string }> {
  const { caller, services: { webhooks } } = state;
  const action = form.get("action");
  const anyVersion = () => {};
  const done = { path: `/webhooks/${id}?done=${action}` };
  switch (action) {
    case "save":
      await saveWebhook(state, id, form);
      return done;
    case "on":
    case "off": {
      const patch = { enabled: action === "on" };
      await webhooks.update(caller, id, patch, anyVersion);
      return done;
    }
    case "test":
      await webhooks.test(caller, id);
      return done;
    case "resend":
      await webhooks.resend(caller, id, form.get("delivery") ?? "");
      return done;
    case "replay": {
      const hours = Number(form.get("hours"));
      await webhooks.replay(caller, id, {
        since: Number.isFinite(hours) ? Date.now() - hours * HOUR_MS : 0,
        only: false,
      });
      return done;
    }
    case "secret":
      return await webhooks.rotate(caller, id, anyVersion);
    case "delete": {
      const { scope } = await webhooks.require(caller, id);
      await webhooks.remove(caller, id, anyVersion);
      return {
        path: scope === "own"
          ? "/settings?done=webhook#webhooks"
          : "/admin/webhooks?done=webhook",
      };
    }
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, { secret: null, refused: null }));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      const done = await act(ctx, form);
      if ("path" in done) return ctx.redirect(done.path, 303);
      const { secret } = done;
      return page(await load(ctx, { secret, refused: null }));
    } catch (error) {
      if (error instanceof FormRefused) {
        const { status, form: refused } = error;
        return page(await load(ctx, { secret: null, refused }), { status });
      }
      const isClash = error instanceof AppError &&
        (error.status === 409 || error.code === "unknown_event");
      if (!isClash) throw error;
      const refused = { values: {}, errors: { "": error.message } };
      const { status } = error;
      return page(await load(ctx, { secret: null, refused }), { status });
    }
  },
});

/** `/webhooks/:id`: one webhook, what it was sent, and what can be done with it. */
export default define.page<typeof handler>(function WebhookPage({ data }) {
  const { viewer, webhook, clock, ...rest } = data;
  const host = webhookHost(webhook.url);
  const isOwn = webhook.scope === "own";
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${host} · Webhooks · Freshet`}</title>
      </Head>
      <PageHead>
        <a href={isOwn ? "/settings#webhooks" : "/admin/webhooks"}>Webhooks</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut" aria-current="page">{host}</span>
      </PageHead>
      <WebhookBody {...rest} webhook={webhook} nowMs={clock.nowMs} />
    </PlacesPage>
  );
});
