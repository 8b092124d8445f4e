/** What pages ask of `/api/notifications`. */
import type { Notification } from "@/lib/shared/wire.ts";

/** How long the server may take, in milliseconds. */
const DEADLINE_MS = 15_000;

export interface NotificationPage {
  items: Notification[];
  nextCursor: string | null;
  unread: number;
}

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetch(path, { ...init, signal });
  if (!response.ok) throw new Error(`"${path}" answered ${response.status}`);
  return response;
}

const JSON_HEADERS = { "content-type": "application/json" };

/** @param query as the address of the page has it, with `?` or empty */
export async function readNotifications(
  query: string,
): Promise<NotificationPage> {
  return await (await send(`/api/notifications${query}`)).json();
}

export async function readNotification(id: string): Promise<Notification> {
  return await (await send(`/api/notifications/${id}`)).json();
}

/** Marks one; it is done also when the page is left meanwhile. */
export async function markNotification(
  id: string,
  read: boolean,
): Promise<Notification> {
  const response = await send(`/api/notifications/${id}`, {
    method: "PATCH",
    headers: JSON_HEADERS,
    body: JSON.stringify({ read }),
    keepalive: true,
  });
  return await response.json();
}

export async function markAllRead(): Promise<void> {
  const response = await send("/api/notifications/read", { method: "POST" });
  await response.body?.cancel();
}
