import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { PageHead } from "@/components/PageHead.tsx";
import type { ChatSession } from "@/lib/shared/chat/session.ts";

/** The running head: what this thread is called. */
export function ChatHead({ session }: { session: ChatSession }): VNode {
  useSignalEffect(() => {
    const thread = session.thread.value;
    if (thread !== null) document.title = `${thread.title} · Freshet`;
  });
  const thread = session.thread.value;
  return (
    <PageHead>
      {thread === null
        ? <span class="cut">New thread</span>
        : <h1 class="cut">{thread.title}</h1>}
    </PageHead>
  );
}
