/** One handler for a route file's methods; Fresh alone would answer 404 to a method it has not. */
import type { Context } from "fresh";
import type { State } from "@/utils.ts";
import { AppError } from "@/lib/errors.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Handler = (ctx: Context<State>) => Response | Promise<Response>;

/**
 * Dispatches by method: HEAD is served by GET, OPTIONS answers 204 with `Allow`.
 * @throws {AppError} 405 `method_not_allowed` with `Allow` for any other method
 */
export function methods(handlers: Partial<Record<Method, Handler>>): Handler {
  const allowed = Object.keys(handlers);
  if (handlers.GET !== undefined) allowed.push("HEAD");
  allowed.push("OPTIONS");
  const allow = allowed.join(", ");
  return (ctx) => {
    const method = ctx.req.method;
    if (method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { allow } });
    }
    const handler = handlers[(method === "HEAD" ? "GET" : method) as Method];
    if (handler !== undefined) {
      return method === "HEAD" ? headOf(handler(ctx)) : handler(ctx);
    }
    throw new AppError({
      status: 405,
      code: "method_not_allowed",
      message: `${method} is not possible here; possible: ${allow}.`,
      headers: { allow },
    });
  };
}

/** The same response without its body, which is ended: nobody will read a stream to its end. */
async function headOf(
  answer: Response | Promise<Response>,
): Promise<Response> {
  const response = await answer;
  await response.body?.cancel();
  return new Response(null, response);
}
