/** What an API key can be made for; the dialog that makes one offers the same. */

/** `v1`: OpenAI's API; `api`: the browser's; `metrics`: `/metrics`; `admin`: what takes an admin. */
export const KEY_SCOPES = ["v1", "api", "metrics", "admin"] as const;

/** Scopes that only admins can give, and that count only while the key's user is one. */
export const ADMIN_KEY_SCOPES: readonly string[] = ["metrics", "admin"];

/** Endpoints under `/v1` that a key can be bound to; each with everything below it. */
export const KEY_ENDPOINTS = [
  "chat/completions",
  "responses",
  "completions",
  "embeddings",
  "models",
  "runs",
] as const;
