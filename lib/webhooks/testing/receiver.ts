/** A receiver of webhooks for tests: a real HTTP server that keeps what it gets and answers as it is told. */
import { Webhook as Verifier } from "standardwebhooks";

/** A request as it arrived. */
export interface ReceivedWebhook {
  path: string;
  id: string;
  headers: Record<string, string>;
  body: string;
  /** Read from the body. */
  type: string;
  data: Record<string, unknown>;
}

/** What the receiver answers; by path, else to all. */
export type Answer = (
  received: ReceivedWebhook,
) => Response | Promise<Response>;

export interface Receiver extends AsyncDisposable {
  /** Address without a slash at its end. */
  url: string;
  port: number;
  received: ReceivedWebhook[];
  answer: Answer;
  /** Of one path, or of one type. */
  of(path: string, type?: string): ReceivedWebhook[];
}

/** Throws unless a secret has signed the request. */
export function verify(
  secret: string,
  { body, headers }: Pick<ReceivedWebhook, "body" | "headers">,
): void {
  new Verifier(secret).verify(body, headers);
}

export function startReceiver(
  answer: Answer = () => new Response("thanks"),
  port = 0,
): Receiver {
  const ended = new AbortController();
  const received: ReceivedWebhook[] = [];
  const receiver = { answer };
  const server = Deno.serve(
    {
      port,
      hostname: "127.0.0.1",
      onListen: () => {},
      signal: ended.signal,
    },
    async (request) => {
      const body = await request.text();
      const { type, data } = JSON.parse(body);
      const headers = Object.fromEntries(request.headers);
      const got = {
        path: new URL(request.url).pathname,
        id: headers["webhook-id"],
        headers,
        body,
        type,
        data,
      };
      received.push(got);
      return await receiver.answer(got);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    received,
    get answer() {
      return receiver.answer;
    },
    set answer(next) {
      receiver.answer = next;
    },
    of: (path, type) =>
      received.filter((each) =>
        each.path === path && (type === undefined || each.type === type)
      ),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await server.finished;
    },
  };
}
