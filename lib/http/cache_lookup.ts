/** Looks for the answer that a request would get out of the cache. */
import type { ChatCompletion } from "@/lib/gateway/chat/input.ts";
import type { CacheLookup } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { toKeptDetails } from "./cache_input.ts";

/**
 * @param input body of a chat completion; where the cache tells people apart, it is the caller's
 * @throws {AppError} 404 `model_not_found`
 */
export async function lookUpKept(
  { caller, services: { answers, gateway } }: Pick<
    State,
    "caller" | "services"
  >,
  input: ChatCompletion,
  signal: AbortSignal,
): Promise<CacheLookup> {
  const { workspace, user, key } = caller;
  const keys = await gateway.keysOf(
    input,
    { workspace, user, key: key?.id ?? null },
    signal,
  );
  const found = await Promise.all(
    keys.map(({ hash }) => answers.cache.describe(workspace, hash, signal)),
  );
  return {
    keys: keys.map(({ hash }) => hash),
    items: found.filter((entry) => entry !== null).map(toKeptDetails),
  };
}
