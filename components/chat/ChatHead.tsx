import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import type { Thread } from "@/lib/shared/wire.ts";

/** What someone does with a thread comes with a script of its own: most pages never need it. */
const loadActions = () => import("@/components/thread_menu/open.ts");

/** The running head: what this thread is called, and what can be done with it. */
export function ChatHead({ session }: { session: ChatSession }): VNode {
  const title = useRef<HTMLHeadingElement>(null);
  useSignalEffect(() => {
    const thread = session.thread.value;
    if (thread !== null) document.title = `${thread.title} · Freshet`;
  });
  const thread = session.thread.value;
  if (thread === null) {
    return (
      <PageHead>
        <span class="cut">New thread</span>
        {session.isTemporary.value && <TemporaryBadge />}
      </PageHead>
    );
  }
  const place = () => ({ thread, title: title.current!, isOnView: true });
  return (
    <PageHead tools={<Tools thread={thread} place={place} />}>
      <h1
        class="cut"
        ref={title}
        title={thread.temporary ? undefined : "Double-click to rename"}
        onDblClick={async () => {
          if (thread.temporary) return;
          (await loadActions()).renameThread(place());
        }}
      >
        {thread.title}
      </h1>
      {thread.temporary && <TemporaryBadge />}
      {thread.archived && <span class="badge">Archived</span>}
    </PageHead>
  );
}

interface ToolsProps {
  thread: Thread;
  place: () => { thread: Thread; title: HTMLElement; isOnView: boolean };
}

function Tools({ thread, place }: ToolsProps): VNode {
  return (
    <>
      {!thread.temporary && (
        <button
          class="btn btn-quiet btn-icon btn-small"
          type="button"
          aria-label="Pin thread"
          aria-pressed={thread.pinned ? "true" : "false"}
          onClick={async () => (await loadActions()).pinThread(place())}
        >
          <Icon name="pin" />
        </button>
      )}
      <button
        class="btn btn-quiet btn-icon btn-small"
        type="button"
        aria-label="Thread menu"
        aria-haspopup="menu"
        aria-expanded="false"
        onClick={async ({ currentTarget }) =>
          (await loadActions()).openThreadMenu(currentTarget, place())}
      >
        <Icon name="more" />
      </button>
    </>
  );
}

function TemporaryBadge(): VNode {
  return (
    <span class="badge" data-kind="warn">
      <Icon name="clock" small />
      Temporary
    </span>
  );
}
