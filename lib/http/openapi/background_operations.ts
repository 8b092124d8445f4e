/** Work that goes on by itself: jobs, schedules, documents, events, webhooks, notifications. */
import * as z from "zod";
import {
  documentPatchSchema,
  documentSchema,
} from "@/lib/documents/document_input.ts";
import { newJobSchema } from "@/lib/http/job_query.ts";
import { usageReportSchema } from "@/lib/jobs/kinds/usage_report.ts";
import {
  notificationPatchSchema,
  notificationSettingsSchema,
} from "@/lib/notifications/notification_input.ts";
import {
  newScheduleSchema,
  schedulePatchSchema,
} from "@/lib/schedules/schedule_input.ts";
import {
  newWebhookSchema,
  replaySchema,
  webhookPatchSchema,
} from "@/lib/webhooks/webhook_input.ts";
import {
  allOf,
  ASKING_HEADERS,
  type Chapter,
  DONE,
  events,
  file,
  json,
  objectAnswer,
  one,
  PAGE_QUERY,
  pageOf,
} from "./operation.ts";

const SCOPE = {
  scope: "`own` (unless told); for admins also `workspace`.",
};

const QUEUED = one("Job", "The job of it; `Location` names it.");

export const JOBS: Chapter = {
  tag: "Jobs and schedules",
  description:
    "Background work: it is queued, done by whichever process has a place free, tried again, and goes on after a crash.",
  operations: {
    "/api/jobs": {
      GET: {
        summary: "Lists jobs, newest first",
        query: {
          ...PAGE_QUERY,
          ...SCOPE,
          status: "`queued`, `running`, `completed`, `dead` or `cancelled`.",
          kind: "Those of one kind.",
        },
        answers: { 200: pageOf("Job") },
      },
      POST: {
        summary: "Begins background work",
        body: newJobSchema,
        answers: {
          200: one("Job", "The one with this `dedupKey` that is not over."),
          202: QUEUED,
        },
      },
    },
    "/api/jobs/:job": {
      GET: {
        summary: "Shows a job with its attempts and its result",
        answers: { 200: one("Job") },
      },
    },
    "/api/jobs/:job/result": {
      GET: {
        summary: "What a job has come to, as a file",
        answers: { 200: file("application/json", "The result.") },
      },
    },
    "/api/jobs/:job/cancel": {
      POST: {
        summary: "Ends a job, in whatever process it is done",
        answers: { 200: one("Job") },
      },
    },
    "/api/jobs/:job/retry": {
      POST: {
        summary: "Begins a job again that is over, or now what waits",
        answers: { 202: one("Job") },
      },
    },
    "/api/jobs/retry": {
      POST: {
        summary: "Begins the failed jobs of the workspace again",
        body: z.strictObject({ kind: z.string().optional() }),
        isBodyOptional: true,
        answers: { 202: QUEUED },
      },
    },
    "/api/jobs/kinds/:kind/pause": {
      POST: {
        summary: "Begins no more jobs of a kind in the workspace",
        answers: { 204: DONE },
      },
    },
    "/api/jobs/kinds/:kind/resume": {
      POST: {
        summary: "Lets a kind go on that was paused",
        answers: { 204: DONE },
      },
    },
    "/api/jobs/statistics": {
      GET: {
        summary: "How the jobs of the workspace do",
        query: { hours: "Of how many hours, 1 unless told." },
        answers: { 200: objectAnswer("Rates, waiting, workers, by kind.") },
      },
    },
    "/api/tasks/:task/run": {
      POST: {
        summary: "Has a model do a task",
        answers: {
          200: one("Job", "The one that does it already."),
          202: QUEUED,
        },
      },
    },
    "/api/runs/:run/background": {
      POST: {
        summary: "Notifies the caller when an answer has ended",
        answers: {
          200: one("Run", "It has ended already."),
          202: one("Run"),
        },
      },
    },
    "/api/reports/usage/send": {
      POST: {
        summary: "Mails a report of what was used",
        body: usageReportSchema,
        answers: { 202: QUEUED },
      },
    },
    "/api/files/:file": {
      GET: {
        summary: "Downloads a file, such as an export",
        answers: { 200: file("application/octet-stream", "The file.") },
      },
    },
    "/api/schedules": {
      GET: {
        summary: "Lists schedules, newest first",
        query: { ...PAGE_QUERY, ...SCOPE },
        answers: { 200: pageOf("Schedule") },
      },
      POST: {
        summary: "Makes a schedule",
        headers: { "Idempotency-Key": ASKING_HEADERS["Idempotency-Key"] },
        body: newScheduleSchema,
        answers: { 201: one("Schedule") },
      },
    },
    "/api/schedules/preview": {
      GET: {
        summary: "Tells what a cron text means, and the next five times",
        query: {
          "cron!": "The text.",
          timeZone: "IANA; the server's unless told.",
        },
        answers: { 200: one("SchedulePreview", "What it means.") },
      },
    },
    "/api/schedules/:schedule": {
      GET: { summary: "Shows a schedule", answers: { 200: one("Schedule") } },
      PATCH: {
        summary: "Changes a schedule",
        isVersioned: true,
        body: schedulePatchSchema,
        answers: { 200: one("Schedule") },
      },
      DELETE: {
        summary: "Deletes a schedule; what it has begun goes on",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/schedules/:schedule/pause": {
      POST: {
        summary: "Begins nothing of a schedule until it is resumed",
        answers: { 200: one("Schedule") },
      },
    },
    "/api/schedules/:schedule/resume": {
      POST: {
        summary: "Goes on with the next due time from now",
        answers: { 200: one("Schedule") },
      },
    },
    "/api/schedules/:schedule/run": {
      POST: {
        summary: "Runs a schedule now; when it is due stays as it is",
        answers: { 202: QUEUED },
      },
    },
    "/api/schedules/:schedule/runs": {
      GET: {
        summary: "What became of a schedule, newest first",
        query: PAGE_QUERY,
        answers: { 200: pageOf("ScheduleRun") },
      },
    },
  },
};

export const DOCUMENTS: Chapter = {
  tag: "Documents",
  description:
    "Files that are profiled, cut into pieces and found; a project's are given to the model with its questions.",
  operations: {
    "/api/documents": {
      GET: {
        summary: "Lists documents, newest first",
        query: { ...PAGE_QUERY, projectId: "Those of one project." },
        answers: { 200: pageOf("Document") },
      },
      POST: {
        summary: "Begins an upload, or gets a document from an address",
        body: documentSchema,
        answers: {
          201: one("Document", "Its bytes follow by `PATCH …/upload`."),
          202: one("Document", "It is got."),
        },
      },
    },
    "/api/documents/search": {
      GET: {
        summary: "Finds what is in the documents",
        query: {
          ...PAGE_QUERY,
          "q!": "Words.",
          documentId: "In one of them.",
        },
        answers: { 200: allOf("DocumentResult", "Best first.") },
      },
    },
    "/api/documents/:document": {
      GET: { summary: "Shows a document", answers: { 200: one("Document") } },
      PATCH: {
        summary: "Renames a document, or gives it to a project",
        body: documentPatchSchema,
        answers: { 200: one("Document") },
      },
      DELETE: {
        summary: "Deletes a document with all that is kept of it",
        answers: { 204: DONE },
      },
    },
    "/api/documents/:document/upload": {
      GET: {
        summary: "How much of an upload has come",
        answers: { 200: objectAnswer("`{offset, size}`.") },
      },
      PATCH: {
        summary: "Adds bytes to an upload (tus 1.0)",
        headers: { "Upload-Offset!": "From where on they are." },
        otherBody: {
          "application/offset+octet-stream": {
            type: "string",
            format: "binary",
          },
        },
        answers: { 204: { description: "`Upload-Offset` says how far." } },
      },
    },
    "/api/documents/:document/content": {
      GET: {
        summary: "A document as it was given",
        answers: { 200: file("application/octet-stream", "The bytes.") },
      },
    },
    "/api/documents/:document/profile": {
      GET: {
        summary: "What is known of its content; null before it was looked at",
        answers: { 200: objectAnswer("Columns, types, what is missing.") },
      },
    },
    "/api/documents/:document/chunks": {
      GET: {
        summary: "The pieces of it that can be found, in order",
        query: PAGE_QUERY,
        answers: { 200: pageOf("DocumentChunk") },
      },
    },
    "/api/documents/:document/reindex": {
      POST: {
        summary: "Reads a document again from its beginning",
        answers: { 202: one("Document") },
      },
    },
    "/api/documents/:document/retry": {
      POST: {
        summary: "Goes on where the work on a document broke off",
        answers: { 202: one("Document") },
      },
    },
    "/api/documents/:document/cancel": {
      POST: {
        summary: "Ends the work on a document; what there is stays",
        answers: { 200: one("Document") },
      },
    },
    "/api/runs/:run/sources": {
      GET: {
        summary: "The pieces of documents that an answer was given",
        answers: { 200: allOf(null, "Pieces, with their documents.") },
      },
    },
  },
};

export const EVENTS: Chapter = {
  tag: "Events and webhooks",
  description:
    "What happens, live, in a log, and sent to other systems by the Standard Webhooks scheme.",
  operations: {
    "/api/live": {
      GET: {
        summary: "What happens, over a WebSocket or as server-sent events",
        query: {
          "channels!": "Names with commas between, such as `jobs,threads`.",
          cursor: "Where to go on.",
        },
        headers: { "Last-Event-ID": "Where to go on." },
        answers: {
          101: { description: "With `Upgrade: websocket`." },
          200: events("Messages; the first is `hello`."),
        },
      },
    },
    "/api/events": {
      GET: {
        summary: "Lists what has happened, newest first",
        query: {
          ...PAGE_QUERY,
          ...SCOPE,
          type: "A type, or a pattern such as `run.*`.",
          subject: "About what, by its id.",
          from: "Not before then, RFC 3339.",
          to: "Before then, RFC 3339.",
        },
        answers: { 200: pageOf("LoggedEvent") },
      },
    },
    "/api/events/:event": {
      GET: {
        summary: "Shows an event",
        query: SCOPE,
        answers: { 200: one("LoggedEvent", "The event.") },
      },
    },
    "/api/webhooks": {
      GET: {
        summary: "Lists webhooks, newest first",
        query: SCOPE,
        answers: { 200: pageOf("Webhook") },
      },
      POST: {
        summary: "Makes a webhook and shows its secret this once",
        body: newWebhookSchema,
        answers: { 201: one("Webhook", "The webhook, and `secret`.") },
      },
    },
    "/api/webhooks/:webhook": {
      GET: { summary: "Shows a webhook", answers: { 200: one("Webhook") } },
      PATCH: {
        summary: "Changes a webhook",
        isVersioned: true,
        body: webhookPatchSchema,
        answers: { 200: one("Webhook") },
      },
      DELETE: {
        summary: "Deletes a webhook",
        isVersioned: true,
        answers: { 204: DONE },
      },
    },
    "/api/webhooks/:webhook/secret": {
      POST: {
        summary: "A new secret; the old one signs for a day beside it",
        answers: { 200: one("Webhook", "The webhook, and `secret`.") },
      },
    },
    "/api/webhooks/:webhook/test": {
      POST: {
        summary: "Sends an event `webhook.test`",
        answers: { 202: one("WebhookDelivery", "The delivery.") },
      },
    },
    "/api/webhooks/:webhook/replay": {
      POST: {
        summary: "Sends events of the log again",
        body: replaySchema,
        answers: { 202: QUEUED },
      },
    },
    "/api/webhooks/:webhook/deliveries": {
      GET: {
        summary: "Lists events on their way to a webhook, newest first",
        query: PAGE_QUERY,
        answers: { 200: pageOf("WebhookDelivery") },
      },
    },
    "/api/webhooks/:webhook/deliveries/:delivery": {
      GET: {
        summary: "Shows one event on its way, with its attempts",
        answers: { 200: one("WebhookDelivery", "The delivery.") },
      },
    },
    "/api/webhooks/:webhook/deliveries/:delivery/resend": {
      POST: {
        summary: "Sends an event once more, with the same `webhook-id`",
        answers: { 202: one("WebhookDelivery", "The delivery.") },
      },
    },
    "/api/notifications": {
      GET: {
        summary: "Lists what the caller was told, newest first",
        query: {
          ...PAGE_QUERY,
          read: "`true` or `false`.",
          event: "About one kind of event.",
        },
        answers: { 200: pageOf("Notification") },
      },
    },
    "/api/notifications/read": {
      POST: {
        summary: "Marks all as read",
        answers: { 200: json("How many.", { type: "object" }) },
      },
    },
    "/api/notifications/settings": {
      GET: {
        summary: "What the caller is told of, and where",
        answers: { 200: objectAnswer("The settings.") },
      },
      PATCH: {
        summary: "Changes what the caller is told of",
        isVersioned: true,
        body: notificationSettingsSchema,
        answers: { 200: objectAnswer("The settings.") },
      },
    },
    "/api/notifications/:notification": {
      GET: {
        summary: "Shows a notification",
        answers: { 200: one("Notification") },
      },
      PATCH: {
        summary: "Marks a notification as read, or as unread",
        body: notificationPatchSchema,
        answers: { 200: one("Notification") },
      },
    },
  },
};
