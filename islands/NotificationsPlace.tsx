import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { NotificationsLink } from "@/components/notifications/NotificationsLink.tsx";

/** The way to one's notifications in the navigation, followed as they come. */
export default function NotificationsPlace(props: { unread: number }): VNode {
  useEffect(() => {
    let isGone = false;
    let stop = () => {};
    void import("@/lib/shared/notifications/watch.ts").then(
      ({ watchNotifications }) => {
        if (!isGone) stop = watchNotifications();
      },
    );
    return () => {
      isGone = true;
      stop();
    };
  }, []);
  return <NotificationsLink unread={props.unread} />;
}
