/** For who runs the server. */
import { chatCompletionSchema } from "@/lib/gateway/chat/input.ts";
import { purgeSchema } from "@/lib/http/cache_input.ts";
import {
  type Chapter,
  json,
  objectAnswer,
  one,
  PAGE_QUERY,
  pageOf,
} from "./operation.ts";

const READINESS = {
  type: "object",
  required: ["status"],
  properties: {
    status: { enum: ["ready", "unready"] },
    checks: {
      type: "array",
      description: "For admins of the server.",
      items: {
        type: "object",
        required: ["name", "status"],
        properties: {
          name: { type: "string" },
          status: { enum: ["pass", "fail"] },
          reason: { type: ["string", "null"] },
        },
      },
    },
  },
};

export const OPERATION: Chapter = {
  tag: "Running the server",
  description: "Health, requests, the cache.",
  operations: {
    "/healthz": {
      GET: {
        summary: "Tells that the process is up",
        answers: { 200: objectAnswer("It is.") },
      },
    },
    "/readyz": {
      GET: {
        summary: "Tells whether new work should come here",
        answers: {
          200: json("It should.", READINESS),
          503: json("It should not.", READINESS),
        },
      },
    },
    "/metrics": {
      GET: {
        summary: "Numbers about this process, as Prometheus reads them",
        answers: {
          200: {
            description: "Text format 0.0.4.",
            content: { "text/plain": { type: "string" } },
          },
        },
      },
    },
    "/schema/config.json": {
      GET: {
        summary: "The JSON Schema of the config file",
        answers: {
          200: {
            description: "The schema.",
            content: { "application/schema+json": { type: "object" } },
          },
        },
      },
    },
    "/openapi.json": {
      GET: {
        summary: "This description",
        answers: { 200: objectAnswer("OpenAPI 3.1.") },
      },
    },
    "/api/cache": {
      GET: {
        summary: "Tells what the cache has done and holds",
        answers: { 200: objectAnswer("Hits, joins, what they saved.") },
      },
    },
    "/api/cache/answers": {
      GET: {
        summary: "Lists kept answers, newest first, without their texts",
        query: PAGE_QUERY,
        answers: { 200: pageOf("KeptAnswer") },
      },
    },
    "/api/cache/answers/:answer": {
      GET: {
        summary: "Shows a kept answer by its key, without its text",
        answers: { 200: one("KeptAnswerDetails", "What is known of it.") },
      },
    },
    "/api/cache/lookup": {
      POST: {
        summary: "Tells which kept answers a request would get",
        description:
          "Nobody is asked. A program and a page get answers of two forms, so there may be two keys. Where the cache tells people apart, it looks for what the caller would get.",
        body: chatCompletionSchema,
        answers: { 200: one("CacheLookup", "Keys, and what is there.") },
      },
    },
    "/api/cache/purge": {
      POST: {
        summary: "Removes kept answers",
        body: purgeSchema,
        answers: { 200: objectAnswer("How many.") },
      },
    },
  },
};
