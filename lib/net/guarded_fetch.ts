/**
 * Requests to addresses that users set: webhooks, pages to take in, remote images. They reach the public
 * internet and what an admin has allowed, nothing else of this server's network: the address is checked,
 * each address that its name resolves to, and each redirect; the connection goes to an address that was
 * checked, so a name that changes between check and connection (DNS rebinding) changes nothing.
 */
import type { IncomingMessage } from "node:http";
import { AppError } from "@/lib/errors.ts";
import { bareHost, checkUrl, type OutgoingRules } from "./outgoing_rules.ts";
import { pinnedRequest } from "./pinned_request.ts";
import { type Resolve, resolveAllowed } from "./resolve.ts";
import { boundedBody } from "./bounded_body.ts";

/** A request; its body is whole, so that a redirect can send it again. */
export interface OutgoingRequest {
  /** `GET` unless told. */
  method?: string;
  headers?: HeadersInit;
  body?: string | Uint8Array | null;
  signal?: AbortSignal;
}

export interface OutgoingOptions extends OutgoingRules {
  /** Redirects that are followed; 5 unless told. With 0 the redirect itself is the answer. */
  maxRedirects?: number;
  /** Bytes of the answer's body; 10 MB unless told. */
  maxBytes?: number;
  /** From the first look-up to the last byte of the body, in milliseconds; 30 s unless told. */
  timeoutMs?: number;
  /** Certificates that are trusted besides the system's, in PEM form. */
  caCerts?: readonly string[];
  /** In place of the system's resolver. */
  resolve?: Resolve;
}

const MAX_REDIRECTS = 5;
const MAX_BYTES = 10_000_000;
const TIMEOUT_MS = 30_000;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Statuses whose answers have no body, which `Response` insists on. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** What may go on to another origin; credentials and what a caller made up may not. */
const KEPT_ACROSS_ORIGINS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "range",
  "user-agent",
]);

/** Set by the connection; a caller's own would contradict it. */
const OWN_HEADERS = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

interface Step {
  url: URL;
  method: string;
  headers: Headers;
  body: Uint8Array | null;
}

function firstStep(url: URL, request: OutgoingRequest): Step {
  const headers = new Headers(request.headers);
  for (const name of OWN_HEADERS) headers.delete(name);
  // The bound is of what the caller gets, and a small answer may unpack to a very large one.
  headers.set("accept-encoding", "identity");
  if (!headers.has("user-agent")) headers.set("user-agent", "Freshet");
  if (!headers.has("accept")) headers.set("accept", "*/*");
  const body = typeof request.body === "string"
    ? new TextEncoder().encode(request.body)
    : request.body ?? null;
  if (body !== null) headers.set("content-length", String(body.length));
  return { url, method: request.method ?? "GET", headers, body };
}

/** The step that a redirect asks for, as the Fetch standard has it (section 4.4, HTTP-redirect fetch). */
function nextStep(step: Step, status: number, url: URL): Step {
  const headers = new Headers(step.headers);
  const isGet = (status === 303 && step.method !== "HEAD") ||
    ((status === 301 || status === 302) && step.method === "POST");
  if (isGet) {
    headers.delete("content-type");
    headers.delete("content-length");
  }
  if (url.origin !== step.url.origin) {
    for (const name of [...headers.keys()]) {
      if (!KEPT_ACROSS_ORIGINS.has(name)) headers.delete(name);
    }
    if (!isGet && step.body !== null) {
      headers.set("content-length", String(step.body.length));
    }
  }
  return {
    url,
    method: isGet ? "GET" : step.method,
    headers,
    body: isGet ? null : step.body,
  };
}

function failed(cause: unknown): AppError {
  return new AppError({
    status: 502,
    code: "address_failed",
    message: "The address could not be reached, or broke off.",
    retryable: true,
    cause,
  });
}

function timedOut(timeoutMs: number): AppError {
  return new AppError({
    status: 504,
    code: "address_timeout",
    message: `The address did not answer within ${timeoutMs / 1000} s.`,
    retryable: true,
  });
}

function tooManyRedirects(most: number): AppError {
  return new AppError({
    status: 502,
    code: "address_failed",
    message: `The address redirects more than ${most} times.`,
  });
}

/** Where a redirect leads, or null: the answer is none. */
function redirectOf(response: IncomingMessage): string | null {
  return REDIRECTS.has(response.statusCode ?? 0)
    ? response.headers.location ?? null
    : null;
}

function headersOf(response: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < response.rawHeaders.length; at += 2) {
    headers.append(response.rawHeaders[at], response.rawHeaders[at + 1]);
  }
  return headers;
}

/**
 * Sends a request to an address that a user has set.
 * The answer's body is bounded too: reading it fails with 502 `address_answer_too_large` beyond
 * `maxBytes` and with 504 `address_timeout` when the time is over. Who does not read it cancels it.
 *
 * @throws {AppError} 400 `address_refused`, 502 `address_failed` and 504 `address_timeout`
 * @throws the signal's reason when the caller gives up
 */
export async function guardedFetch(
  address: string | URL,
  request: OutgoingRequest,
  options: OutgoingOptions,
): Promise<Response> {
  const {
    maxRedirects = MAX_REDIRECTS,
    maxBytes = MAX_BYTES,
    timeoutMs = TIMEOUT_MS,
  } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = request.signal === undefined
    ? deadline
    : AbortSignal.any([request.signal, deadline]);
  const told = (error: unknown): unknown => {
    if (request.signal?.aborted === true) return request.signal.reason;
    if (deadline.aborted) return timedOut(timeoutMs);
    return error instanceof AppError ? error : failed(error);
  };
  try {
    let step = firstStep(checkUrl(address, options), request);
    for (let redirects = 0;; redirects += 1) {
      const response = await send(step, options, signal);
      const location = redirectOf(response);
      if (location === null || maxRedirects === 0) {
        return toResponse(response, { maxBytes, signal, told });
      }
      response.destroy();
      if (redirects === maxRedirects) throw tooManyRedirects(maxRedirects);
      step = nextStep(
        step,
        response.statusCode!,
        redirectTarget(step.url, location, options),
      );
    }
  } catch (error) {
    throw told(error);
  }
}

async function send(
  step: Step,
  options: OutgoingOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const addresses = await resolveAllowed(
    bareHost(step.url),
    options.allow,
    signal,
    options.resolve,
  );
  return await pinnedRequest({
    ...step,
    addresses,
    caCerts: options.caCerts,
    signal,
  });
}

function redirectTarget(
  from: URL,
  location: string,
  rules: OutgoingRules,
): URL {
  const target = URL.parse(location, from.href);
  // An absolute one is checked as it is written, which shows a number in an unusual form.
  const url = checkUrl(
    URL.canParse(location) ? location : target ?? location,
    rules,
  );
  if (from.protocol === "https:" && url.protocol !== "https:") {
    throw failed(new TypeError("A redirect leads from https to http"));
  }
  return url;
}

function toResponse(
  response: IncomingMessage,
  bounds: {
    maxBytes: number;
    signal: AbortSignal;
    told: (error: unknown) => unknown;
  },
): Response {
  const status = response.statusCode ?? 502;
  if (status < 200 || status > 599) {
    response.destroy();
    throw failed(new TypeError(`Status ${status} ends no exchange`));
  }
  const isEmpty = WITHOUT_BODY.has(status);
  if (isEmpty) response.resume();
  return new Response(isEmpty ? null : boundedBody(response, bounds), {
    status,
    headers: headersOf(response),
  });
}
