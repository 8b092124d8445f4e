import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";

/** What this browser allows; `unknown` until the page lives, `none` where there is no such thing. */
type Permission = "unknown" | "none" | NotificationPermission;

const WORDS: Record<Permission, string> = {
  unknown: "",
  none: "This browser shows no notifications.",
  default: "",
  granted: "This browser shows notifications while a page of Freshet is open.",
  denied:
    "This browser was told to show none. Its settings for this site can change that.",
};

/** Lets this browser show notifications; it asks only when somebody wants it to. */
export default function BrowserNotices(): VNode | null {
  const [permission, setPermission] = useState<Permission>("unknown");
  useEffect(() => {
    setPermission(
      "Notification" in globalThis ? Notification.permission : "none",
    );
  }, []);
  const allow = async () => {
    const answer = await Notification.requestPermission();
    setPermission(answer);
    if (answer !== "granted") return;
    const { tellAllowed } = await import(
      "@/lib/shared/notifications/notifier.ts"
    );
    tellAllowed();
  };
  return (
    <p class="btn-row mt-2">
      {permission === "default" && (
        <button class="btn btn-small" type="button" onClick={allow}>
          <Icon name="bell" small />
          Let this browser show notifications
        </button>
      )}
      <span class="hint" role="status">{WORDS[permission]}</span>
    </p>
  );
}
