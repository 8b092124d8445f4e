import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { ruleOf } from "@/lib/shared/notification_events.ts";
import type { Notification } from "@/lib/shared/wire.ts";

export interface NotificationItemProps {
  item: Notification;
  nowMs: number;
  /** Query of the page to come back to. */
  query: string;
  onMark: (id: string, read: boolean) => void;
}

/** A notification in a list. Its button is a form, so that it works before any script, or without. */
export function NotificationItem(
  { item, nowMs, query, onMark }: NotificationItemProps,
): VNode {
  const { id, event, title, text, href, read, updatedAt } = item;
  const isFailure = ruleOf(event).isFailure === true;
  const toggle = read ? "Mark as unread" : "Mark as read";
  return (
    <li data-read={read ? "true" : "false"}>
      <span class="status" data-state={isFailure ? "bad" : "good"}>
        <Icon name={isFailure ? "alert" : "check"} />
        <span class="sr">{isFailure ? "Failed" : "Done"}</span>
      </span>
      <div class="note-body">
        {href === null ? <span class="note-title">{title}</span> : (
          <a
            class="note-title"
            href={href}
            onClick={() => !read && onMark(id, true)}
          >
            {title}
          </a>
        )}
        {!read && <span class="sr">, unread</span>}
        {text !== null && <p class="soft">{text}</p>}
        <p class="hint">
          <Moment at={updatedAt} nowMs={nowMs} />
        </p>
      </div>
      <form
        method="post"
        action="/notifications"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          onMark(id, !read);
        }}
      >
        <input type="hidden" name="action" value={read ? "unread" : "read"} />
        <input type="hidden" name="id" value={id} />
        <input type="hidden" name="query" value={query} />
        <button
          class="btn btn-quiet btn-small"
          type="submit"
          aria-label={`${toggle}: ${title}`}
        >
          {toggle}
        </button>
      </form>
    </li>
  );
}
