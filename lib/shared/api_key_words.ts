/** What API keys may do, in words. */
import type { Key } from "./wire.ts";

/** A scope as people choose it. */
export interface ScopeWords {
  scope: Key["scopes"][number];
  name: string;
  hint: string;
  /** Only admins give it. */
  isForAdmins: boolean;
}

export const SCOPE_WORDS: readonly ScopeWords[] = [
  {
    scope: "v1",
    name: "Ask models",
    hint: "OpenAI’s API under /v1",
    isForAdmins: false,
  },
  {
    scope: "api",
    name: "Threads and tasks",
    hint: "What the pages can do, under /api",
    isForAdmins: false,
  },
  {
    scope: "metrics",
    name: "Metrics",
    hint: "/metrics, for Prometheus",
    isForAdmins: true,
  },
  {
    scope: "admin",
    name: "Administration",
    hint: "People, keys, limits",
    isForAdmins: true,
  },
];

const SHORT_SCOPES: Readonly<Record<Key["scopes"][number], string>> = {
  v1: "models",
  api: "threads",
  metrics: "metrics",
  admin: "administration",
};

/** Endpoints of `/v1` in words; what is not here goes by its path. */
export const ENDPOINT_WORDS: Readonly<Record<string, string>> = {
  "chat/completions": "chat",
  responses: "responses",
  completions: "completions",
  embeddings: "embeddings",
  models: "list of models",
  runs: "runs",
};

/** What a key may, as a cell of a table: `chat, embeddings`. */
export function whatKeyMay({ scopes, endpoints, readOnly }: Key): string {
  const words = scopes.flatMap((scope) =>
    scope === "v1" && endpoints !== null
      ? endpoints.map((endpoint) => ENDPOINT_WORDS[endpoint] ?? endpoint)
      : [SHORT_SCOPES[scope]]
  );
  return `${words.join(", ")}${readOnly ? ", reading only" : ""}`;
}

/** What holds a key back besides, as a sentence without its full stop; empty: nothing. */
export function keyBounds({ models, limits, budget }: Key): string {
  const bounds: string[] = [];
  if (models !== null) {
    const [first, ...more] = models;
    bounds.push(more.length === 0 ? first : `${first} and ${more.length} more`);
  }
  if (limits !== null) bounds.push("limits of its own");
  if (budget !== null) {
    const amount = budget.usd === null
      ? `${budget.tokens?.toLocaleString("en")} tokens`
      : `$${budget.usd}`;
    bounds.push(
      `${amount} ${
        budget.period === "total" ? "in all" : `a ${budget.period}`
      }`,
    );
  }
  return bounds.join(" · ");
}
