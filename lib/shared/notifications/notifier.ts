/**
 * Notifications of the browser itself. Of all open tabs one shows them: the one that holds a lock. It
 * listens over a connection of its own that stays while the tab is hidden, since that is when people want
 * to be told; the others listen only to what they show. Nothing of this goes on, and nothing is asked,
 * until somebody has allowed it by a click in the settings.
 */
import { LiveClient } from "@/lib/shared/live/live_client.ts";
import { browserPage, type LivePage } from "@/lib/shared/live/live_page.ts";
import {
  socketTransport,
  streamTransport,
} from "@/lib/shared/live/live_transport.ts";
import type { Notification as Told } from "@/lib/shared/wire.ts";
import { readNotification } from "./notification_requests.ts";

const LOCK = "freshet-notifier";
const CHANNEL = "freshet-notifier";
/** How long the tabs have to say that they show a page, in milliseconds. */
const ANSWER_MS = 150;

/** What tabs say to each other. */
type Word =
  /** Somebody is to show a page: who does already? */
  | { type: "who"; href: string }
  | { type: "me"; href: string }
  /** Somebody has allowed notifications, or has had enough of them. */
  | { type: "permission" };

/** A page that counts as shown as long as it is there. */
const everShown: LivePage = {
  isShown: () => true,
  onChange: (callback) =>
    browserPage.onChange((change) => {
      if (change === "online" || change === "gone") callback(change);
    }),
};

function mayShow(): boolean {
  return "Notification" in globalThis && "locks" in navigator &&
    Notification.permission === "granted";
}

function shows(href: string): boolean {
  return browserPage.isShown() && location.pathname === href.split(/[?#]/)[0];
}

/** Asks the other tabs whether one of them shows a page. */
function isShownElsewhere(
  channel: BroadcastChannel,
  href: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    const stopped = new AbortController();
    const end = (isShown: boolean) => {
      clearTimeout(timer);
      stopped.abort();
      resolve(isShown);
    };
    const timer = setTimeout(() => end(false), ANSWER_MS);
    channel.addEventListener("message", ({ data }: MessageEvent<Word>) => {
      if (data.type === "me" && data.href === href) end(true);
    }, { signal: stopped.signal });
    channel.postMessage({ type: "who", href } satisfies Word);
  });
}

function show({ id, title, text, href }: Told): void {
  // The tag makes one that is counted up take the place of itself.
  const shown = new Notification(title, { body: text ?? "", tag: id });
  shown.onclick = () => {
    shown.close();
    focus();
    if (href !== null) location.assign(href);
  };
}

async function tell(channel: BroadcastChannel, id: string): Promise<void> {
  const told = await readNotification(id);
  if (told.read) return;
  const { href } = told;
  if (href !== null) {
    if (shows(href) || await isShownElsewhere(channel, href)) return;
  }
  show(told);
}

/** Shows what comes until the signal aborts. */
function listen(channel: BroadcastChannel, signal: AbortSignal): void {
  const origin = location.origin.replace(/^http/, "ws");
  const client = new LiveClient({
    socket: socketTransport((path) => new WebSocket(`${origin}${path}`)),
    stream: streamTransport((path, init) => fetch(path, init)),
    page: everShown,
  });
  const stop = client.on("notifications", ({ id, type, data }) => {
    if (id === null || type !== "notification.created") return;
    const { inBrowser, notificationId } = data as Record<string, unknown>;
    if (inBrowser !== true || typeof notificationId !== "string") return;
    // What cannot be read any more is on the page of notifications, or nowhere.
    void tell(channel, notificationId).catch(() => {});
  });
  signal.addEventListener("abort", stop);
}

/** Begins to show notifications, once that is allowed; returns how to end. */
export function startNotifier(): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  if (!("BroadcastChannel" in globalThis)) return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  let isWaiting = false;
  const wait = () => {
    if (isWaiting || !mayShow()) return;
    isWaiting = true;
    navigator.locks.request(
      LOCK,
      { signal },
      () =>
        new Promise<void>((resolve) => {
          listen(channel, signal);
          signal.addEventListener("abort", () => resolve());
        }),
    )
      .catch(() => {});
  };
  channel.addEventListener("message", ({ data }: MessageEvent<Word>) => {
    if (data.type === "permission") wait();
    else if (data.type === "who" && shows(data.href)) {
      channel.postMessage({ type: "me", href: data.href } satisfies Word);
    }
  }, { signal });
  addEventListener("freshet:notifications", wait, { signal });
  wait();
  return () => {
    ended.abort();
    channel.close();
  };
}

/** Tells all tabs, this one too, that notifications were allowed. */
export function tellAllowed(): void {
  dispatchEvent(new Event("freshet:notifications"));
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ type: "permission" } satisfies Word);
  channel.close();
}
