import { useSignal } from "@preact/signals";
import { page } from "fresh";
import { Head } from "fresh/runtime";
import { KeysDialog } from "@/components/KeysDialog.tsx";
import { Page } from "@/components/Page.tsx";
import Chat from "@/islands/Chat.tsx";
import { AppError } from "@/lib/errors.ts";
import { loadChatSetup, loadNavigation } from "@/lib/http/chat_page.ts";
import { windowOf } from "@/lib/http/thread_window.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const { services, space } = ctx.state;
    const [navigation, chat, view] = await Promise.all([
      loadNavigation(ctx.state),
      loadChatSetup(ctx.state, ctx.req.signal),
      services.threads.view(space, ctx.params.thread),
    ]);
    if (view === null) {
      throw new AppError({
        status: 404,
        code: "not_found",
        message: "There is no such thread. It may have been deleted.",
      });
    }
    // A running answer makes every copy of this page stale within milliseconds.
    const window = windowOf(view.messages, ctx.url);
    return page({ ...navigation, ...chat, ...view, ...window }, {
      headers: { "cache-control": "no-store" },
    });
  },
});

/** `/c/:thread`: a thread, its newest turns first of all. */
export default define.page<typeof handler>(function ThreadPage({ data }) {
  const rows = useSignal(data.rows);
  const current = useSignal<string | null>(data.thread.id);
  return (
    <Page rows={rows} current={current} clock={data.clock} viewer={data.viewer}>
      <Head>
        <title>{`${data.thread.title} · Freshet`}</title>
      </Head>
      <KeysDialog />
      <Chat
        thread={data.thread}
        messages={data.messages}
        earlierTurns={data.earlierTurns}
        models={data.models}
        defaultModel={data.defaultModel}
        lastEventId={data.lastEventId}
        isDemo={data.setup.kind === "demo"}
        clock={data.clock}
        rows={rows}
        current={current}
      />
    </Page>
  );
});
