/** The API that OpenAI's clients speak. */
import { createBatchSchema } from "@/lib/gateway/batches/batch_input.ts";
import { chatCompletionSchema } from "@/lib/gateway/chat/input.ts";
import {
  completionSchema,
  embeddingsSchema,
} from "@/lib/gateway/plain/input.ts";
import { responseRequestSchema } from "@/lib/gateway/responses/input.ts";
import {
  type Answer,
  type Chapter,
  events,
  file,
  json,
  objectAnswer,
} from "./operation.ts";

const HEADERS = {
  "Idempotency-Key":
    "The same key with the same body attaches to the same run, for 24 hours.",
  Prefer: "`respond-async`: 202 at once; `wait=N`: 202 after N seconds.",
  "x-freshet-detach": "`true`: hanging up does not stop the run.",
  "x-freshet-cache": "`bypass` or `only`.",
  "x-freshet-failover": "`restart`: a broken stream may begin anew.",
} as const;

const FILE_PAGE = {
  after: "Behind this one.",
  before: "In front of this one.",
  limit: "How many.",
  order: "`asc` or `desc`, by when they were made.",
  purpose: "Those of one purpose.",
} as const;

function streamed(what: string): Answer {
  return {
    description: `${what}; with \`stream\` its events, then \`[DONE]\`.`,
    content: {
      "application/json": { type: "object" },
      "text/event-stream": { type: "string" },
    },
  };
}

const RUN = json("The run.", {
  type: "object",
  required: ["id", "object", "status", "epoch", "output_text"],
  properties: {
    id: { type: "string" },
    object: { const: "run" },
    status: {
      enum: [
        "queued",
        "running",
        "completed",
        "cancelled",
        "failed",
        "interrupted",
      ],
    },
    epoch: { type: "integer" },
    model: { type: ["string", "null"] },
    provider: { type: ["string", "null"] },
    created: { type: "integer", description: "Unix seconds." },
    output_text: { type: "string" },
    finish_reason: { type: ["string", "null"] },
    usage: { type: ["object", "null"] },
    cache: { type: ["string", "null"] },
    error: { type: ["object", "null"] },
  },
});

export const GATEWAY: Chapter = {
  tag: "OpenAI's API",
  description:
    "Point any OpenAI client here. Fields, statuses and errors are OpenAI's; what is Freshet's own is named so.",
  operations: {
    "/v1/chat/completions": {
      POST: {
        summary: "A chat completion, as a run",
        headers: HEADERS,
        body: chatCompletionSchema,
        answers: { 200: streamed("The completion"), 202: RUN },
      },
    },
    "/v1/responses": {
      POST: {
        summary: "A Response, as a run",
        headers: HEADERS,
        body: responseRequestSchema,
        answers: { 200: streamed("The Response") },
      },
    },
    "/v1/responses/:response": {
      GET: {
        summary: "A stored Response, or its events from a number on",
        query: {
          stream: "`true`: its events.",
          starting_after: "With `stream`: the number of the last known event.",
        },
        answers: { 200: streamed("The Response") },
      },
      DELETE: {
        summary: "Removes a stored Response",
        answers: { 200: objectAnswer("What was removed.") },
      },
    },
    "/v1/responses/:response/cancel": {
      POST: {
        summary: "Stops a Response",
        answers: { 200: objectAnswer("The Response.") },
      },
    },
    "/v1/responses/:response/input_items": {
      GET: {
        summary: "What a stored Response was asked",
        query: {
          limit: "How many, 20 unless told.",
          after: "Behind this item.",
          order: "`asc` or `desc`.",
        },
        answers: { 200: objectAnswer("One page.") },
      },
    },
    "/v1/embeddings": {
      POST: {
        summary: "Texts as vectors",
        body: embeddingsSchema,
        answers: { 200: objectAnswer("The vectors.") },
      },
    },
    "/v1/completions": {
      POST: {
        summary: "A text goes on, where the provider has that",
        body: completionSchema,
        answers: { 200: streamed("The completion") },
      },
    },
    "/v1/files": {
      GET: {
        summary: "Lists files",
        query: FILE_PAGE,
        answers: { 200: objectAnswer('`{object: "list", data, has_more}`.') },
      },
      POST: {
        summary: "Uploads a file of up to 128 MB",
        otherBody: {
          "multipart/form-data": {
            type: "object",
            required: ["file", "purpose"],
            properties: {
              file: { type: "string", format: "binary" },
              purpose: { type: "string" },
            },
          },
        },
        answers: { 200: objectAnswer("The file.") },
      },
    },
    "/v1/files/:file": {
      GET: {
        summary: "Shows a file",
        answers: { 200: objectAnswer("The file.") },
      },
      DELETE: {
        summary: "Removes a file",
        answers: { 200: objectAnswer("What was removed.") },
      },
    },
    "/v1/files/:file/content": {
      GET: {
        summary: "The bytes of a file, or a range of them",
        answers: { 200: file("application/octet-stream", "The bytes.") },
      },
    },
    "/v1/batches": {
      GET: {
        summary: "Lists batches",
        query: {
          after: FILE_PAGE.after,
          before: FILE_PAGE.before,
          limit: FILE_PAGE.limit,
        },
        answers: { 200: objectAnswer('`{object: "list", data, has_more}`.') },
      },
      POST: {
        summary: "Answers the requests of a file, as a job",
        headers: {
          "Idempotency-Key":
            "The same key with the same body gives the same batch, for 24 hours.",
        },
        body: createBatchSchema,
        answers: { 200: objectAnswer("The batch.") },
      },
    },
    "/v1/batches/:batch": {
      GET: {
        summary: "Shows a batch",
        answers: { 200: objectAnswer("The batch.") },
      },
    },
    "/v1/batches/:batch/cancel": {
      POST: {
        summary: "Asks no further request of a batch",
        answers: { 200: objectAnswer("The batch.") },
      },
    },
    "/v1/models": {
      GET: {
        summary: "Lists the models that the caller may ask",
        answers: { 200: objectAnswer('`{object: "list", data}`.') },
      },
    },
    "/v1/models/:id*": {
      GET: {
        summary: "Shows a model; its name may hold slashes",
        answers: { 200: objectAnswer("The model.") },
      },
    },
    "/v1/runs/:run": {
      GET: { summary: "Shows a run of Freshet's", answers: { 200: RUN } },
    },
    "/v1/runs/:run/events": {
      GET: {
        summary: "Follows a run, from the beginning or `Last-Event-ID`",
        headers: { "Last-Event-ID": "The last event that is known." },
        answers: {
          200: events("The run's chunks, `reset`, then `[DONE]`."),
          204: { description: "It has ended, and all of it is known." },
        },
      },
    },
    "/v1/runs/:run/cancel": {
      POST: { summary: "Stops a run", answers: { 200: RUN } },
    },
    "/v1/streams/:run": {
      GET: {
        summary: "The events of a run by the Durable Streams protocol",
        query: {
          offset: "Where to begin; `-1`: the beginning.",
          live: "`long-poll` or `sse`.",
        },
        answers: { 200: objectAnswer("Events.") },
      },
      HEAD: {
        summary: "Where such a stream ends",
        answers: { 200: { description: "Headers only." } },
      },
    },
  },
};
