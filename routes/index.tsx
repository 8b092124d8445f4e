import { useSignal } from "@preact/signals";
import { page } from "fresh";
import { Head } from "fresh/runtime";
import { KeysDialog } from "@/components/KeysDialog.tsx";
import { Page } from "@/components/Page.tsx";
import { Welcome } from "@/components/welcome/Welcome.tsx";
import Chat from "@/islands/Chat.tsx";
import { loadChatSetup, loadNavigation } from "@/lib/http/chat_page.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const [navigation, chat] = await Promise.all([
      loadNavigation(ctx.state),
      loadChatSetup(ctx.state, ctx.req.signal),
    ]);
    return page({ ...navigation, ...chat });
  },
});

/** `/`: a new thread, and the first run. */
export default define.page<typeof handler>(function NewThread({ data }) {
  const rows = useSignal(data.rows);
  const current = useSignal<string | null>(null);
  return (
    <Page rows={rows} current={current} clock={data.clock} viewer={data.viewer}>
      <Head>
        <title>New thread · Freshet</title>
      </Head>
      <KeysDialog />
      <Chat
        thread={null}
        messages={[]}
        models={data.models}
        defaultModel={data.defaultModel}
        lastEventId={null}
        isDemo={data.setup.kind === "demo"}
        clock={data.clock}
        rows={rows}
        current={current}
      >
        <Welcome setup={data.setup} />
      </Chat>
    </Page>
  );
});
