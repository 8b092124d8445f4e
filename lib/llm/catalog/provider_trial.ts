/** Tries whether a provider can be asked, and says in plain words what stands in the way. */
import { AppError, ProviderError } from "@/lib/errors.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";

/** Whom to try. */
export interface TrialTarget {
  /** For messages; a provider that is not kept has none yet. */
  id: string;
  baseUrl: string;
  apiKey: string | null;
  /** Models that it is said to have; `discover`: it is asked. */
  models: readonly string[] | "discover";
  refusesAddress?: (address: string) => boolean;
}

/** How long a try takes at most, in milliseconds. */
const TRIAL_MS = 10_000;
/** Models that are named. */
const SHOWN_MODELS = 20;

/**
 * Asks for the list of models, which costs nothing and needs address, network, certificate and key to be
 * right. Nothing of the running connections is used, so that what is wrong shows at once.
 * @throws the signal's reason when it aborts; never for what the provider does
 */
export async function tryProvider(
  { models: configured, ...target }: TrialTarget,
  signal: AbortSignal,
): Promise<ProviderTest> {
  const startedMs = performance.now();
  const durationMs = () => Math.round(performance.now() - startedMs);
  const provider = new OpenAIProvider({
    ...target,
    maxConnections: 1,
    timeoutsMs: { firstToken: TRIAL_MS },
  });
  try {
    const models = await provider.listModels(signal);
    return {
      ok: true,
      message: wordsOf(models, configured),
      code: null,
      models: models.slice(0, SHOWN_MODELS),
      modelCount: models.length,
      durationMs: durationMs(),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    const noList = hasNoList(error) && configured !== "discover";
    return {
      ok: noList,
      message: noList
        ? "It answers, and has no list of models. The models named here are asked all the same."
        : adviceOn(error),
      code: noList ? null : error.code,
      models: [],
      modelCount: 0,
      durationMs: durationMs(),
    };
  } finally {
    provider.close();
  }
}

/** Some servers answer chats and have no `/models`. */
function hasNoList(error: AppError): boolean {
  return error instanceof ProviderError &&
    (error.providerStatus === 404 || error.providerStatus === 405);
}

function wordsOf(
  models: readonly string[],
  configured: readonly string[] | "discover",
): string {
  if (models.length === 0) {
    return "It answers, and has no models yet. Load one there, then try again.";
  }
  const count = models.length === 1 ? "1 model" : `${models.length} models`;
  if (configured === "discover") return `It answers, and has ${count}.`;
  const missing = configured.filter((name) => !models.includes(name));
  return missing.length === 0
    ? `It answers, and has ${count}, all that are named here among them.`
    : `It answers, and has ${count}, but not ${
      missing.slice(0, 3).map((name) => `"${name}"`).join(", ")
    }${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}.`;
}

/** What the provider's error means for somebody who has just typed its address and key. */
function adviceOn(error: AppError): string {
  if (error.code === "provider_auth_failed") {
    return "It answers, and does not accept the key. Check that the key is whole, is for this server, and has not been revoked.";
  }
  if (hasNoList(error)) {
    return "Something answers there, but knows no list of models at this address. The address usually ends in /v1. A server without a list needs its models named.";
  }
  return error.message;
}
