/** What the fake upstream can be told to do, and the error bodies that OpenAI sends. */

/** How one answer goes. Everything is optional; nothing set means an ordinary answer. */
export interface Behaviour {
  /** The answer; by default the last user message is echoed with some words around it. */
  text?: string;
  /** Tokens a second; without it as fast as the socket takes them. */
  tokensPerSecond?: number;
  /** Wait before the headers, in milliseconds. */
  headerDelayMs?: number;
  /** Wait between the headers and the first token, in milliseconds. */
  firstTokenDelayMs?: number;
  /** Sends the whole text, or each call's arguments, in one event. */
  wholeText?: boolean;
  /** How many events go into one TCP write; 1 by default. */
  burst?: number;
  /** Whether events and characters are cut at random places across TCP writes; true by default. */
  split?: boolean;
  /** Goes silent after this many tokens, with the socket open. */
  stallAfter?: number;
  /** Closes the socket in the middle of the event after this many tokens. */
  cutAfter?: number;
  /** Ends the body properly after this many tokens, with neither finish_reason nor [DONE]. */
  endAfter?: number;
  /** Sends an event whose data is not JSON after this many tokens. */
  malformedAfter?: number;
  /** Sends an `{"error":…}` event after this many tokens and ends the body. */
  errorAfter?: number;
  /** The body of that error event. */
  errorEvent?: Record<string, unknown>;
  /** Leaves out `data: [DONE]`. */
  withoutDone?: boolean;
  /** Leaves out the chunk with finish_reason. */
  withoutFinish?: boolean;
  /** Keeps the body open after [DONE]. */
  lingerAfterDone?: boolean;
  finishReason?: "stop" | "length" | "content_filter" | "tool_calls";
  /** Where usage goes: "own" chunk, the "last" content chunk, "every" chunk, or "none". */
  usage?: "own" | "last" | "every" | "none";
  cachedTokens?: number;
  lineEnd?: "\n" | "\r\n" | "\r";
  /** Sends `: keep-alive` comments between the events. */
  comments?: boolean;
  /** Spreads the JSON of every event over several `data:` lines. */
  multiLine?: boolean;
  /** Sends this as reasoning before the answer. */
  reasoning?: string;
  /** Field that carries the reasoning. */
  reasoningField?: "reasoning_content" | "reasoning";
  /** Sends these tool calls, arguments in pieces, instead of text. */
  toolCalls?: { name: string; arguments: string }[];
  /** Answers with this status and an error body instead of an answer. */
  status?: number;
  /** Members of the error object; by default what OpenAI sends for the status. */
  error?: Record<string, unknown>;
  /** Sends exactly these bytes as the body, with `contentType`. */
  rawBody?: string;
  contentType?: string;
  /** More response headers. */
  headers?: Record<string, string>;
  /** Refuses a body that holds `stream_options` with 400. */
  refuseStreamOptions?: boolean;
  /** Takes the request and never answers. */
  neverAnswers?: boolean;
  /** Ignores `stream: true` and answers with one JSON document. */
  ignoresStream?: boolean;
  /** Waits for `release()` before each token, as if `hold()` had been called. */
  held?: boolean;
}

const HUGE_BYTES = 2 * 1024 * 1024;

/** Answers by the name of the model, so that a test in a browser can choose one. */
export const MODEL_BEHAVIOURS: Record<string, Behaviour> = {
  "slow": { tokensPerSecond: 20 },
  "late": { firstTokenDelayMs: 1000 },
  "burst": { burst: 50 },
  "stall": { stallAfter: 3 },
  "silent": { neverAnswers: true },
  "cut": { cutAfter: 3 },
  "endless-end": { endAfter: 3 },
  "malformed": { malformedAfter: 3 },
  "html": {
    rawBody: "<!doctype html><title>502 Bad Gateway</title><h1>nginx</h1>",
    contentType: "text/html",
  },
  "garbage": { rawBody: "\u0000\u0001not an event stream at all" },
  "crlf": { lineEnd: "\r\n", comments: true },
  "reasoning": { reasoning: "First I think about it, then I answer." },
  "tools": {
    toolCalls: [{ name: "get_weather", arguments: '{"city":"Zürich"}' }],
  },
  "length": { finishReason: "length" },
  "filtered": { finishReason: "content_filter" },
  "error-event": { errorAfter: 3 },
  "huge": { text: "0123456789abcde ".repeat(HUGE_BYTES / 16), burst: 500 },
  "held": { held: true },
  "bad-request": { status: 400 },
  "bad-key": { status: 401 },
  "forbidden": { status: 403 },
  "unknown": { status: 404 },
  "too-long": {
    status: 400,
    error: {
      message:
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please reduce the length of the messages.",
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded",
    },
  },
  "rate-limited": { status: 429, headers: { "retry-after": "1" } },
  "broken": { status: 500 },
  "bad-gateway": { status: 502 },
  "overloaded": { status: 503 },
};

type ErrorBody = [
  message: string,
  type: string,
  code: string | null,
  param?: string,
];

const ERROR_BODIES: Record<number, ErrorBody> = {
  400: [
    "Invalid value for 'temperature': expected a number between 0 and 2.",
    "invalid_request_error",
    null,
    "temperature",
  ],
  401: [
    "Incorrect API key provided: sk-fake1234567890abcdef. You can find your API key at https://platform.openai.com/account/api-keys.",
    "invalid_request_error",
    "invalid_api_key",
  ],
  403: [
    "You are not allowed to sample from this model",
    "invalid_request_error",
    "permission_denied",
  ],
  404: [
    "The model `$MODEL` does not exist or you do not have access to it.",
    "invalid_request_error",
    "model_not_found",
  ],
  408: ["Request timed out.", "timeout", null],
  409: ["The request conflicts with another one.", "conflict", null],
  429: [
    "Rate limit reached for $MODEL in organization org-fake on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.",
    "requests",
    "rate_limit_exceeded",
  ],
  500: [
    "The server had an error while processing your request. Sorry about that!",
    "server_error",
    null,
  ],
  502: ["Bad gateway.", "server_error", null],
  503: [
    "The engine is currently overloaded, please try again later",
    "server_error",
    null,
  ],
};

/** The body that OpenAI sends with an error status. */
export function errorBody(
  behaviour: Behaviour,
  model: string,
): { error: Record<string, unknown> } {
  if (behaviour.error !== undefined) return { error: behaviour.error };
  const [message, type, code, param = null] =
    ERROR_BODIES[behaviour.status ?? 500] ??
      ERROR_BODIES[500];
  return {
    error: {
      message: message.replace("$MODEL", model),
      type,
      param,
      code,
    },
  };
}

/** What the fake upstream says when it refuses `stream_options`. */
export const STREAM_OPTIONS_REFUSED = {
  message: "Unrecognized request argument supplied: stream_options",
  type: "invalid_request_error",
  param: "stream_options",
  code: null,
};
