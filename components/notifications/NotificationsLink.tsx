import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { shownCount } from "@/lib/shared/notifications/unread_count.ts";

/** The way to one's notifications, with how many are unread; `watch.ts` keeps the count. */
export function NotificationsLink({ unread }: { unread: number }): VNode {
  return (
    <a class="row" href="/notifications">
      <Icon name="bell" />
      <span class="cut">Notifications</span>
      <span class="end tnum" data-unread hidden={unread === 0}>
        <span>{shownCount(unread)}</span>
        <span class="sr">unread</span>
      </span>
    </a>
  );
}
