import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import { Icon } from "./Icon.tsx";

interface ThreadLinkProps {
  row: ThreadRow;
  isCurrent: boolean;
  isArchived?: boolean;
}

/** A thread in the navigation, and the button for what can be done with it. */
export function ThreadLink(
  { row, isCurrent, isArchived = false }: ThreadLinkProps,
): VNode {
  const title = useRef<HTMLSpanElement>(null);
  // Someone looks at the thread on view.
  const isUnread = row.isUnread && !isCurrent && !row.isRunning;
  const openMenu = async (button: HTMLElement) => {
    const { openThreadMenu } = await import("./thread_menu/open.ts");
    openThreadMenu(button, {
      thread: {
        ...row,
        pinned: row.isPinned,
        archived: isArchived,
        temporary: false,
      },
      title: title.current!,
      isOnView: isCurrent,
    });
  };
  return (
    <div class="row-with-menu">
      <a
        class="row"
        href={`/c/${row.id}`}
        aria-current={isCurrent ? "page" : undefined}
        data-state={row.isRunning ? "running" : isUnread ? "unread" : undefined}
      >
        <span class="cut" ref={title}>{row.title}</span>
        {isUnread && (
          <>
            <span class="sr">unread</span>
            <span class="dot"></span>
          </>
        )}
        {row.isRunning && (
          <>
            <span class="sr">writing</span>
            <span class="row-line"></span>
          </>
        )}
      </a>
      <button
        class="btn btn-quiet btn-icon btn-small row-menu"
        type="button"
        aria-label={`Menu of “${row.title}”`}
        aria-haspopup="menu"
        aria-expanded="false"
        onClick={({ currentTarget }) => void openMenu(currentTarget)}
      >
        <Icon name="more" />
      </button>
    </div>
  );
}
