/** What an API key may be used for, whatever its user may. */
import { AppError } from "@/lib/errors.ts";
import type { Asker } from "./asker.ts";
import type { CallerKey } from "./caller.ts";

/** What a request is for, as far as a key's bounds go. */
export interface KeyUse {
  surface: "page" | "session" | "api" | "v1" | "metrics";
  /** HTTP method. */
  method: string;
  /** Path of the request without what comes before it, for example `/v1/chat/completions`. */
  path: string;
  /** Name of the model as the caller writes it, once that is known. */
  model?: string;
}

/** Endpoints whose answers are runs, which have addresses of their own. */
const MAKES_RUNS = ["chat/completions", "responses"];

/**
 * Why a key may not be used for something; null: it may. Scopes and roles are for the table of routes to
 * check (`lib/http/access.ts`), models for whoever knows which one is asked.
 */
export function keyAllows(key: CallerKey, use: KeyUse): AppError | null {
  if (key.isReadOnly && !isRead(use.method)) {
    return forbidden("key_read_only", "This API key may only read.");
  }
  if (use.surface === "v1" && !allowsEndpoint(key, use.path)) {
    return forbidden(
      "endpoint_not_allowed",
      `This API key may call ${
        key.endpoints!.map((endpoint) => `/v1/${endpoint}`).join(", ")
      } only.`,
    );
  }
  return use.model === undefined ? null : refuseModel(key, use.model);
}

/** 403 `model_not_allowed` for a model that a key may not ask; null: it may, or there is no key. */
export function refuseModel(
  key: Pick<CallerKey, "models"> | null,
  model: string,
): AppError | null {
  if (allowsModel(key, model)) return null;
  return forbidden(
    "model_not_allowed",
    `This API key may not ask the model "${model}".`,
  );
}

/** @throws {AppError} 403 `model_not_allowed` when who asks does so with a key that may not */
export function requireModel(
  { models = null }: Pick<Asker, "models">,
  model: string,
): void {
  const refusal = refuseModel({ models }, model);
  if (refusal !== null) throw refusal;
}

/** Whether a key may ask a model, by the name that the caller uses. */
export function allowsModel(
  key: Pick<CallerKey, "models"> | null,
  model: string,
): boolean {
  return key === null || key.models === null || key.models.includes(model);
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** An endpoint that makes runs goes with the runs that it makes. */
function allowsEndpoint({ endpoints }: CallerKey, path: string): boolean {
  if (endpoints === null) return true;
  const below = (endpoint: string) =>
    path === `/v1/${endpoint}` || path.startsWith(`/v1/${endpoint}/`);
  if (endpoints.some(below)) return true;
  const isRun = below("runs") || below("streams");
  return isRun &&
    endpoints.some((endpoint) =>
      endpoint === "runs" || MAKES_RUNS.includes(endpoint)
    );
}

function forbidden(code: string, message: string): AppError {
  return new AppError({ status: 403, code, message });
}
