/** `?read` and `?event` of a list of notifications. */
import { AppError } from "@/lib/errors.ts";
import type { NotificationFilter } from "@/lib/notifications/notification_store.ts";
import { isNotificationEvent } from "@/lib/shared/notification_events.ts";

/**
 * Reads which notifications are wanted; an empty value narrows nothing, as a form sends it.
 * @throws {AppError} 400 `invalid_request` for a value that there is not
 */
export function readNotificationFilter(url: URL): NotificationFilter {
  const read = url.searchParams.get("read") || null;
  const event = url.searchParams.get("event") || null;
  if (read !== null && read !== "true" && read !== "false") {
    throw refused("read", "must be true or false");
  }
  if (event !== null && !isNotificationEvent(event)) {
    throw refused("event", "is none that there is");
  }
  return { read: read === null ? null : read === "true", event };
}

function refused(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message: `${path} ${message}`,
    errors: [{ path, message }],
  });
}
