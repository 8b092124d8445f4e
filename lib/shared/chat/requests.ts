/** What the chat page asks of `/api`. A refusal becomes a `RequestRefused` with words for a person. */
import type { Message, Page, Problem, Run, Thread } from "@/lib/shared/wire.ts";
import { signedOut } from "./signed_out.ts";
import type { Question, Refusal } from "./turns.ts";

/** How long the server may take to answer, in milliseconds; the stream that follows may take longer. */
const DEADLINE_MS = 30_000;

export type Fetch = (
  path: string,
  init: RequestInit & { signal: AbortSignal },
) => Promise<Response>;

/** The browser's fetch, free of whatever object it is kept in. */
export const browserFetch: Fetch = (path, { signal, ...init }) =>
  fetch(path, { ...init, signal });

/** The server answered with an error, or not at all. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";
  readonly refusal: Refusal;
  /** For code `thread_busy`: the run that is answering now. */
  readonly activeRunId: string | null;

  constructor(refusal: Refusal, activeRunId: string | null = null) {
    super(refusal.message);
    this.refusal = refusal;
    this.activeRunId = activeRunId;
  }
}

const UNREACHED: Refusal = {
  message: "The server could not be reached.",
  code: "network",
  requestId: null,
  status: null,
};

async function toRefused(response: Response): Promise<RequestRefused> {
  const requestId = response.headers.get("x-request-id");
  const isProblem = response.headers.get("content-type")
    ?.includes("application/problem+json");
  let problem: Partial<Problem> = {};
  try {
    if (isProblem) problem = await response.json();
  } catch {
    // A body that broke off: the status still says enough.
  }
  const active = problem.activeRunId;
  return new RequestRefused({
    message: response.status === 401 ? "You are signed out." : problem.detail ??
      `The server answered with an error (${response.status}).`,
    code: problem.code ?? `http_${response.status}`,
    requestId: problem.requestId ?? requestId,
    status: response.status,
    retryAfter: problem.retryAfter,
  }, typeof active === "string" ? active : null);
}

export class ChatRequests {
  readonly #fetch: Fetch;

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  /** Sends one request to `/api` and gives the response once its headers are there; refusals are thrown. */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), DEADLINE_MS);
    let response: Response;
    try {
      response = await this.#fetch(path, { ...init, signal: deadline.signal });
    } catch {
      throw new RequestRefused(UNREACHED);
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) throw await toRefused(response);
    signedOut.value = null;
    return response;
  }

  #post(path: string, body?: unknown, accept = "application/json") {
    return this.send(path, {
      method: "POST",
      headers: body === undefined
        ? { accept }
        : { accept, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async createThread(
    model: string | null,
    isTemporary = false,
  ): Promise<Thread> {
    const body = {
      ...(model === null ? {} : { model }),
      ...(isTemporary ? { temporary: true } : {}),
    };
    return await (await this.#post("/api/threads", body)).json();
  }

  async thread(threadId: string): Promise<Thread> {
    return await (await this.send(`/api/threads/${threadId}`)).json();
  }

  /**
   * Messages of the branch on view, oldest first: its newest ones, or with a cursor those before it.
   * `nextCursor` leads to older ones.
   */
  async messages(
    threadId: string,
    older?: { cursor: string; limit?: number },
  ): Promise<Page<Message>> {
    const query = older === undefined
      ? ""
      : `?limit=${older.limit ?? 200}&cursor=${older.cursor}`;
    const path = `/api/threads/${threadId}/messages${query}`;
    return await (await this.send(path)).json();
  }

  /**
   * Asks, and gives the stream of the answer.
   * @param parentId message that the question follows; null begins the thread, undefined is wherever
   * the thread is now
   */
  ask(
    threadId: string,
    { id, content }: Pick<Question, "id" | "content">,
    model: string | null,
    parentId?: string | null,
  ): Promise<Response> {
    const body = { message: { id, content }, parentId };
    return this.#startRun(threadId, body, model);
  }

  /** Has an answer that ended early go on: the same run, or one that begins with the text so far. */
  async continueRun(runId: string): Promise<{ run: Run; message: Message }> {
    return await (await this.#post(`/api/runs/${runId}/continue`)).json();
  }

  /** Asks for another answer in place of one, and gives its stream. */
  regenerate(
    threadId: string,
    messageId: string,
    model: string | null,
  ): Promise<Response> {
    return this.#startRun(threadId, { regenerate: messageId }, model);
  }

  #startRun(threadId: string, body: object, model: string | null) {
    return this.#post(
      `/api/threads/${threadId}/runs`,
      model === null ? body : { ...body, model },
      "text/event-stream",
    );
  }

  /** Stops a run; one that has ended stays as it is. */
  async cancel(runId: string): Promise<void> {
    const response = await this.#post(`/api/runs/${runId}/cancel`);
    await response.body?.cancel();
  }

  /** Tells that someone has seen how the newest answer of a thread ended. */
  async markRead(threadId: string): Promise<void> {
    const response = await this.#post(`/api/threads/${threadId}/read`);
    await response.body?.cancel();
  }

  /** Uses a model server that was found on this machine. */
  async useLocal(id: string): Promise<void> {
    const response = await this.#post("/api/providers/local", { id });
    await response.body?.cancel();
  }
}
