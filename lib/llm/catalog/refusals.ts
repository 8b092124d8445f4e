/** Why a provider or a route is not there, or is not changed, in words for who asks. */
import { AppError } from "@/lib/errors.ts";

/** 404. */
export function noProvider(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such provider.",
  });
}

/** 409 `provider_exists`. */
export function providerExists(id: string): AppError {
  const message = `There is a provider "${id}" already.`;
  return new AppError({
    status: 409,
    code: "provider_exists",
    message,
    errors: [{ path: "id", message }],
  });
}

/** 409 `provider_read_only`. */
export function providerReadOnly(): AppError {
  return new AppError({
    status: 409,
    code: "provider_read_only",
    message:
      "This provider is one of the settings: the environment or the config file changes it. Here it can be switched off and on.",
  });
}

/** 400 `provider_key_needed`. */
export function keyNeeded(): AppError {
  const message =
    "The address leads to another server. Give its key, or none, so that the one that is kept is not sent there.";
  return new AppError({
    status: 400,
    code: "provider_key_needed",
    message,
    errors: [{ path: "apiKey", message }],
  });
}

/** 409 `provider_in_use`, with the routes that lead to it and how many answers run. */
export function inUseBy(routes: string[], running: number): AppError {
  const uses = [
    ...(running === 0
      ? []
      : [running === 1 ? "1 answer" : `${running} answers`]),
    ...(routes.length === 0
      ? []
      : [`the ${routes.length === 1 ? "route" : "routes"} ${
        routes.map((id) => `"${id}"`).join(", ")
      }`]),
  ];
  return new AppError({
    status: 409,
    code: "provider_in_use",
    message: `It is used by ${
      uses.join(" and ")
    }. Drain it first, or remove it all the same: what runs ends normally.`,
    extra: { routes, running },
  });
}

/** 404. */
export function noRoute(): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such route.",
  });
}

/** 409 `route_exists`. */
export function routeExists(id: string): AppError {
  const message = `There is a route "${id}" already.`;
  return new AppError({
    status: 409,
    code: "route_exists",
    message,
    errors: [{ path: "id", message }],
  });
}

/** 409 `route_read_only`. */
export function routeReadOnly(): AppError {
  return new AppError({
    status: 409,
    code: "route_read_only",
    message:
      "This route is one of the config file, which changes it. Here it can be switched off and on.",
  });
}
