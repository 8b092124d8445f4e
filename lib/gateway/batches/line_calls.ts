/** Answers one line of a batch, on the same path as a live request. */
import type { Asker } from "@/lib/auth/asker.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Observer } from "@/lib/observe/observer.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { newId } from "@/lib/shared/ids.ts";
import type * as z from "zod";
import { answerWhole } from "../chat/answer.ts";
import {
  chatCompletionSchema,
  checkChatCompletion,
  checkNumbers,
} from "../chat/input.ts";
import type { Gateway, GatewayContext, GatewayRun } from "../gateway.ts";
import { completionSchema, embeddingsSchema } from "../plain/input.ts";
import type { PlainCalls, PlainContext } from "../plain/plain_calls.ts";
import { answerResponse } from "../responses/answer.ts";
import { refused, responseRequestSchema } from "../responses/input.ts";
import type { Responses } from "../responses/responses.ts";
import type { BatchEndpoint } from "./batch_record.ts";

export interface LineCallsParts {
  gateway: Gateway;
  responses: Responses;
  plainCalls: PlainCalls;
  observer: Pick<Observer, "begin" | "leave">;
  log: Logger;
}

/** One line, and who has asked for it. */
export interface LineCall {
  endpoint: BatchEndpoint;
  body: Record<string, unknown>;
  space: string;
  /** Job of the batch; its requests are known by it. */
  job?: string;
  asker: () => Promise<Asker>;
  /** Ends the call. */
  signal: AbortSignal;
}

export interface LineAnswer {
  requestId: string;
  /** What the live request would answer. */
  body: Record<string, unknown>;
}

/** A call that was refused or failed. */
export interface LineFailure {
  requestId: string;
  error: AppError;
}

/** Code of what is nobody's fault but this program's. */
const INTERNAL = "internal_error";

/** Nobody hangs up on a line. */
const NEVER = new Promise<void>(() => {});

export class LineCalls {
  readonly #parts: LineCallsParts;

  constructor(parts: LineCallsParts) {
    this.#parts = parts;
  }

  async ask(call: LineCall): Promise<LineAnswer | LineFailure> {
    const { observer, log } = this.#parts;
    const requestId = newId("req");
    const logger = log.with({ request: requestId });
    const trace = observer.begin({
      id: requestId,
      workspace: call.space.split("/")[0],
      method: "POST",
      route: `batch ${call.endpoint}`,
      source: "v1",
    });
    trace.job = call.job ?? null;
    try {
      const asker = await call.asker();
      trace.workspace = asker.workspace;
      trace.user = asker.user;
      trace.key = asker.key;
      const body = await this.#answer(call, asker, trace, logger);
      observer.leave(trace, 200);
      return { requestId, body };
    } catch (thrown) {
      const error = await whyRefused(call, thrown);
      const isFault = error.code === INTERNAL && !(thrown instanceof AppError);
      if (isFault && !call.signal.aborted) {
        logger.error("A line of a batch could not be answered", {
          error: thrown,
        });
      }
      trace.error = { code: error.code, message: error.message };
      observer.leave(trace, error.status);
      return { requestId, error };
    }
  }

  async #answer(
    { endpoint, body, space, signal }: LineCall,
    asker: Asker,
    trace: RequestTrace,
    logger: Logger,
  ): Promise<Record<string, unknown>> {
    const plain: PlainContext = {
      asker,
      requestId: trace.id,
      trace,
      logger,
      signal,
      isBatch: true,
    };
    const context: GatewayContext = {
      ...plain,
      space,
      isDetached: false,
      idempotencyKey: null,
      cache: "use",
      // Nobody has seen any of it yet.
      mayRestart: true,
      isBatch: true,
    };
    if (body.stream === true) {
      throw refused("stream", "is not possible in a batch");
    }
    switch (endpoint) {
      case "/v1/chat/completions": {
        const input = parse(chatCompletionSchema, body);
        checkChatCompletion(input);
        const run = await this.#parts.gateway.start(input, context);
        return await bodyOf(
          run instanceof Response
            ? run
            : await answerWhole(this.#asked(run, space, signal), null),
        );
      }
      case "/v1/responses": {
        if (body.background === true) {
          throw refused("background", "is not possible in a batch");
        }
        const input = parse(responseRequestSchema, body);
        const run = await this.#parts.responses.start(input, context);
        const asked = this.#asked(run, space, signal);
        return await bodyOf(
          await answerResponse(asked, input, { isAsync: false, waitMs: null }),
        );
      }
      case "/v1/embeddings":
      case "/v1/completions": {
        checkNumbers(body);
        const input = endpoint === "/v1/embeddings"
          ? parse(embeddingsSchema, body)
          : parse(completionSchema, body);
        const path = endpoint.slice("/v1".length);
        return await this.#parts.plainCalls.ask(path, input, plain);
      }
    }
  }

  #asked(run: GatewayRun, space: string, signal: AbortSignal) {
    const { gateway } = this.#parts;
    return { gateway, space, run, signal, completed: NEVER };
  }
}

/** An answer that was stopped because its caller may be here no longer says so. */
async function whyRefused(
  { asker }: LineCall,
  thrown: unknown,
): Promise<AppError> {
  const error = asAppError(thrown);
  const isStopped = error.code === "run_cancelled" ||
    (thrown instanceof Error && thrown.name === "AbortError");
  if (!isStopped) return error;
  try {
    await asker();
    return error;
  } catch (refusal) {
    return asAppError(refusal);
  }
}

export function isFailure(
  answer: LineAnswer | LineFailure,
): answer is LineFailure {
  return "error" in answer;
}

async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return await response.json();
}

/** @throws {AppError} 400 `invalid_request` that names the first wrong field */
function parse<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw refused(path.map(String).join("."), message);
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError({
    status: 500,
    code: INTERNAL,
    message:
      "Something went wrong on this server. The log has the details under the request id.",
    retryable: true,
    cause: thrown,
  });
}
