/** What the description of the APIs says of one route; see `document.ts`. */
import type * as z from "zod";

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a route answers with one status. */
export interface Answer {
  description: string;
  /** By media type; without any the answer has no body. */
  content?: Readonly<Record<string, JsonSchema>>;
}

/** One method of a route. */
export interface Operation {
  /** A sentence without its full stop. */
  summary: string;
  description?: string;
  /** Names of query parameters and what they are; a name that ends in `!` must be given. */
  query?: Readonly<Record<string, string>>;
  /** The same of headers. */
  headers?: Readonly<Record<string, string>>;
  /** The JSON body. */
  body?: z.ZodType;
  isBodyOptional?: boolean;
  /** A body that is no JSON, by its media type. */
  otherBody?: Readonly<Record<string, JsonSchema>>;
  /** Whether `If-Match` has to name the version that is changed. */
  isVersioned?: boolean;
  answers: Readonly<Record<number, Answer>>;
}

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";

/** Operations by the pattern of their route, as Fresh writes it, and by method. */
export type Operations = Readonly<
  Record<string, Partial<Record<HttpMethod, Operation>>>
>;

/** A part of the API, as people read of it. */
export interface Chapter {
  tag: string;
  description: string;
  operations: Operations;
}

/** A type of `lib/shared/wire.ts` by its name. */
export function schemaOf(type: string): JsonSchema {
  return { $ref: `#/components/schemas/${type}` };
}

export function json(description: string, schema: JsonSchema): Answer {
  return { description, content: { "application/json": schema } };
}

/** One thing of a type of `lib/shared/wire.ts`. */
export function one(type: string, description = `The ${type}.`): Answer {
  return json(description, schemaOf(type));
}

/** An object of which only what it is for is said. */
export function objectAnswer(description: string): Answer {
  return json(description, { type: "object" });
}

/** A page of things of a type. */
export function pageOf(type: string): Answer {
  return json("One page.", {
    type: "object",
    required: ["items", "nextCursor"],
    properties: {
      items: { type: "array", items: schemaOf(type) },
      nextCursor: {
        type: ["string", "null"],
        description: "Given as `cursor` it leads to the next page.",
      },
    },
  });
}

/** All things of a type, or of something that has no name. */
export function allOf(type: string | null, description = "All."): Answer {
  return json(description, {
    type: "object",
    required: ["items"],
    properties: {
      items: {
        type: "array",
        items: type === null ? { type: "object" } : schemaOf(type),
      },
    },
  });
}

/** Server-sent events (WHATWG HTML, 9.2). */
export function events(description: string): Answer {
  return { description, content: { "text/event-stream": { type: "string" } } };
}

export function file(mediaType: string, description: string): Answer {
  return {
    description,
    content: { [mediaType]: { type: "string", format: "binary" } },
  };
}

export const DONE: Answer = { description: "Done." };

/** Query parameters of every list. */
export const PAGE_QUERY = {
  limit: "How many, 50 unless told, 200 at most.",
  cursor: "`nextCursor` of the page before.",
} as const;

/** What may be said of how long to wait for an answer. */
export const ASKING_HEADERS = {
  "Idempotency-Key":
    "The same key with the same body attaches to the same run, for 24 hours.",
  Prefer: "`respond-async`: 202 at once; `wait=N`: 202 after N seconds.",
} as const;
