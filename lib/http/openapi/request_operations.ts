/** The requests that asked a model. */
import { type Chapter, json, one, PAGE_QUERY, schemaOf } from "./operation.ts";

export const REQUESTS: Chapter = {
  tag: "Requests",
  description:
    "What became of each request that asked a model: stages, tries, tokens, cost, cache, error.",
  operations: {
    "/api/requests": {
      GET: {
        summary: "Lists requests, newest first, all or those looked for",
        description:
          "One answer looks through so many requests and no longer than a moment: `looked` says how far it came, and `nextCursor` goes on, also where nothing was found.",
        query: {
          q: "Id of a request or of its beginning, or of a run; or a part of the name of a model, provider, person, key or error.",
          result: "`failed` or `slow`.",
          model: "Name of the model as the caller or the provider uses it.",
          user: "Id of a user, or a part of a name or an address.",
          key: "Id of an API key, or a part of its name.",
          provider: "Id of a provider.",
          source: "`chat` or `v1`.",
          status:
            "`completed`, `cancelled`, `failed`, `interrupted`, `refused` or `attached`.",
          cache: "`hit-l1`, `hit-l2`, `joined`, `miss` or `bypass`.",
          error: "Code of an error, or an HTTP status.",
          seconds: "How long it took at least.",
          from: "From when on, RFC 3339 or a date.",
          to: "Until when, excluded.",
          ...PAGE_QUERY,
        },
        answers: {
          200: json("What was found.", schemaOf("RecordedRequestPage")),
        },
      },
    },
    "/api/requests/:request": {
      GET: {
        summary: "Shows a request: stages, attempts, tokens, cost, error",
        description:
          "Where question and answer are kept and somebody else's, the audit log tells that they were read.",
        answers: { 200: one("RecordedRequestDetails", "The request.") },
      },
    },
  },
};
