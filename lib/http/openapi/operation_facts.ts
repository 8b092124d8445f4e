/** One operation of the description of the APIs, as its page shows it. */
import type { OperationFacts } from "@/components/docs/OperationView.tsx";
import { CHAPTERS } from "./chapters.ts";
import { openApiDocument, operationId } from "./document.ts";
import type { JsonSchema } from "./operation.ts";

/** A row of the list of operations. */
export interface OperationRow {
  id: string;
  method: string;
  path: string;
  summary: string;
}

/** What `openApiDocument` says of one operation. */
interface Described {
  operationId: string;
  summary: string;
  description: string;
  parameters: {
    name: string;
    in: string;
    required: boolean;
    description?: string;
  }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<
    string,
    { description: string; content?: Record<string, unknown> }
  >;
}

/** All operations, by chapter. */
export function operationRows(): {
  tag: string;
  description: string;
  rows: OperationRow[];
}[] {
  return CHAPTERS.map(({ tag, description, operations }) => ({
    tag,
    description,
    rows: Object.entries(operations).flatMap(([pattern, methods]) =>
      Object.entries(methods).map(([method, { summary }]) => ({
        id: operationId(method, pattern),
        method,
        path: pattern.replace(/\*$/, ""),
        summary,
      }))
    ),
  }));
}

/** One of them by its id; null: there is none. */
export function operationFacts(
  id: string,
): { summary: string; facts: OperationFacts } | null {
  const { paths } = openApiDocument({ origin: "" });
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(item)) {
      const operation = described as Described;
      if (operation.operationId !== id) continue;
      return {
        summary: operation.summary,
        facts: factsOf(method, path, operation),
      };
    }
  }
  return null;
}

function factsOf(
  method: string,
  path: string,
  { description, parameters, requestBody, responses }: Described,
): OperationFacts {
  return {
    method: method.toUpperCase(),
    path,
    description,
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      place: parameter.in,
      isRequired: parameter.required,
      words: parameter.description ?? "",
    })),
    body: Object.entries(requestBody?.content ?? {}).map((
      [mediaType, { schema }],
    ) => ({ mediaType, schema })),
    answers: Object.entries(responses).map(([status, answer]) => ({
      status: status === "default" ? "else" : status,
      description: answer.description,
      mediaTypes: Object.keys(answer.content ?? {}),
    })),
  };
}
