/**
 * The description of the APIs by OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html). What may be sent
 * is what the routes check; what is answered are the types of `lib/shared/wire.ts`.
 */
import * as z from "zod";
import { ACCESS, type Access, type Need, needOf } from "@/lib/http/access.ts";
import { CHAPTERS } from "./chapters.ts";
import {
  type Answer,
  type Chapter,
  type HttpMethod,
  type JsonSchema,
  type Operation,
  schemaOf,
} from "./operation.ts";
import wireSchema from "./wire_schema.json" with { type: "json" };

/** Of the APIs, not of the program: it grows when something that was there changes. */
const API_VERSION = "1.0.0";

/** An OpenAPI document. */
export interface OpenApiDocument {
  openapi: string;
  info: Readonly<Record<string, unknown>>;
  servers: readonly { url: string }[];
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  components: Readonly<Record<string, unknown>>;
}

export interface DocumentOptions {
  /** Where the server is, without a path; empty: where the document came from. */
  origin: string;
}

/** Who may call something, in words. */
const NEEDS: Readonly<Record<Need, string>> = {
  anyone: "Anyone, without signing in.",
  viewer: "Everybody in the workspace.",
  member: "Members of the workspace.",
  admin: "Admins of the workspace.",
  owner: "Owners of the workspace.",
  operator: "Who runs the server: admins of its first workspace.",
};

const OPENAI_ERROR: JsonSchema = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: { type: "string" },
        type: { type: "string" },
        param: { type: ["string", "null"] },
        code: { type: ["string", "null"] },
      },
    },
  },
};

const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description: "An API key, `frk_…`.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-freshet",
    description:
      "The cookie of `POST /api/session`; `freshet_session` over http.",
  },
};

/** A route's path as OpenAPI writes it, and the names of its parameters. */
function pathOf(pattern: string): { path: string; names: string[] } {
  const names: string[] = [];
  const path = pattern.replace(/:(\w+)\*?/g, (_, name: string) => {
    names.push(name);
    return `{${name}}`;
  });
  return { path, names };
}

/** The name of an operation: `getThreadsThreadMessages` for `GET /api/threads/:thread/messages`. */
export function operationId(method: string, pattern: string): string {
  const { path } = pathOf(pattern);
  const words = path.replace(/^\/api/, "").split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() +
    words.map((word) => word[0].toUpperCase() + word.slice(1)).join("");
}

function named(
  place: "query" | "header",
  parameters: Readonly<Record<string, string>> = {},
) {
  return Object.entries(parameters).map(([name, description]) => ({
    name: name.replace(/!$/, ""),
    in: place,
    required: name.endsWith("!"),
    description,
    schema: { type: "string" },
  }));
}

function bodyOf(
  { body, otherBody, isBodyOptional = false }: Operation,
): { required: boolean; content: Record<string, unknown> } | undefined {
  if (body === undefined && otherBody === undefined) return undefined;
  const content: Record<string, unknown> = {};
  if (body !== undefined) {
    const { $schema: _, ...schema } = z.toJSONSchema(body, {
      io: "input",
      unrepresentable: "any",
      reused: "inline",
    });
    content["application/json"] = { schema };
  }
  for (const [mediaType, schema] of Object.entries(otherBody ?? {})) {
    content[mediaType] = { schema };
  }
  return { required: !isBodyOptional, content };
}

function answerOf({ description, content }: Answer) {
  if (content === undefined) return { description };
  const entries = Object.entries(content).map(([mediaType, schema]) =>
    [mediaType, { schema }] as const
  );
  return { description, content: Object.fromEntries(entries) };
}

function errorOf({ surface }: Access): Answer {
  return surface === "v1"
    ? {
      description: "What went wrong, as OpenAI says it.",
      content: { "application/json": OPENAI_ERROR },
    }
    : {
      description: "What went wrong (RFC 9457).",
      content: { "application/problem+json": schemaOf("Problem") },
    };
}

function securityOf({ surface }: Access, need: Need) {
  if (need === "anyone") return [];
  if (surface === "v1") return [{ key: [] }];
  return surface === "session"
    ? [{ session: [] }]
    : [{ key: [] }, { session: [] }];
}

function toOperation(
  tag: string,
  method: HttpMethod,
  pattern: string,
  operation: Operation,
) {
  const access = ACCESS[pattern];
  const need = needOf(access, method);
  const { names } = pathOf(pattern);
  const versioned: Record<string, string> = operation.isVersioned
    ? { "If-Match!": "The quoted `version` that is changed: the `ETag`." }
    : {};
  const answers = Object.entries(operation.answers);
  const description = [operation.description, `For: ${NEEDS[need]}`]
    .filter((text) => text !== undefined).join("\n\n");
  return {
    tags: [tag],
    operationId: operationId(method, pattern),
    summary: operation.summary,
    description,
    security: securityOf(access, need),
    parameters: [
      ...names.map((name) => ({
        name,
        in: "path",
        required: true,
        schema: { type: "string" },
      })),
      ...named("query", operation.query),
      ...named("header", { ...versioned, ...operation.headers }),
    ],
    requestBody: bodyOf(operation),
    responses: Object.fromEntries([
      ...answers.map(([status, answer]) => [status, answerOf(answer)]),
      ["default", answerOf(errorOf(access))],
    ]),
  };
}

function pathsOf(chapters: readonly Chapter[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { tag, operations } of chapters) {
    for (const [pattern, methods] of Object.entries(operations)) {
      const item = paths[pathOf(pattern).path] ??= {};
      for (const [method, operation] of Object.entries(methods)) {
        item[method.toLowerCase()] = toOperation(
          tag,
          method as HttpMethod,
          pattern,
          operation,
        );
      }
    }
  }
  return paths;
}

/** Builds the document; the same options give the same one. */
export function openApiDocument(
  { origin }: DocumentOptions,
): OpenApiDocument {
  return {
    openapi: "3.1.1",
    info: {
      title: "Freshet",
      version: API_VERSION,
      description:
        "Chats, answers that belong to the server, and everything around them. Times are RFC 3339 in UTC, names camelCase; under `/v1` all is as OpenAI has it.",
    },
    servers: [{ url: origin === "" ? "/" : origin }],
    tags: CHAPTERS.map(({ tag, description }) => ({ name: tag, description })),
    paths: pathsOf(CHAPTERS),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: wireSchema,
    },
  };
}
