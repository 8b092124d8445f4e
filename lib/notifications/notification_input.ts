/** What callers may say about notifications, checked. */
import * as z from "zod";
import {
  NOTIFICATION_EVENT_NAMES,
  type NotificationEvent,
} from "@/lib/shared/notification_events.ts";

const placesSchema = z.strictObject({
  app: z.boolean().optional(),
  browser: z.boolean().optional(),
  mail: z.boolean().optional(),
});

const eventSchema = z.enum(
  NOTIFICATION_EVENT_NAMES as [NotificationEvent, ...NotificationEvent[]],
);

/** `PATCH /api/notifications/settings`: what is not named stays. */
export const notificationSettingsSchema = z.strictObject({
  events: z.partialRecord(eventSchema, placesSchema),
});

/** `PATCH /api/notifications/:id`. */
export const notificationPatchSchema = z.strictObject({ read: z.boolean() });
