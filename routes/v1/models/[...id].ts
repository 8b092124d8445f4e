/** `GET /v1/models/:id`: one model; its name may hold slashes, as they are or encoded. */
import { askerFrom } from "@/lib/auth/asker.ts";
import { allowsModel } from "@/lib/auth/key_allows.ts";
import { AppError } from "@/lib/errors.ts";
import { toModelObject } from "@/lib/gateway/model_object.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const PREFIX = "/v1/models/";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const id = decode(ctx.url.pathname.slice(PREFIX.length));
    const { caller, services: { modelAccess } } = ctx.state;
    if (!allowsModel(caller.key, id)) {
      throw notFound(`There is no model "${id}", or the key may not ask it.`);
    }
    const { plan } = await modelAccess.for(askerFrom(caller))
      .find(id, ctx.req.signal)
      .catch((error) => {
        // Who may not ask it is not told that it is there.
        if (!isRefusal(error)) throw error;
        throw notFound(`There is no model "${id}", or you may not ask it.`);
      });
    const [{ provider }] = plan.targets;
    return ctx.json(
      toModelObject({ id, provider: plan.route === null ? provider : "route" }),
    );
  },
}));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw notFound("The name of the model is not well encoded.", cause);
  }
}

function notFound(message: string, cause?: unknown): AppError {
  return new AppError({ status: 404, code: "model_not_found", message, cause });
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === "model_not_allowed";
}
