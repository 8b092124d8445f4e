/** Providers and routes in words. */
import { formatCount, formatPlural } from "./format.ts";
import type { ProviderDetails, RouteDetails } from "./wire.ts";

/** What a state is shown as: a shape and a word. */
export interface Shown {
  words: string;
  icon: "alert" | "check" | "clock" | "close" | "pause";
  mood?: "good" | "warn" | "bad";
}

/** How a provider is, of all that is known of it in one glance. */
export function providerState(
  { state, key, health, connections }: Pick<
    ProviderDetails,
    "state" | "key" | "health" | "connections"
  >,
): Shown {
  if (key === "unreadable") {
    return { words: "Key cannot be read", icon: "alert", mood: "bad" };
  }
  if (state !== "active") {
    const { inUse, waiting } = connections;
    const running = inUse + waiting;
    if (running > 0) {
      return {
        words: `${formatPlural(running, "answer")} to the end`,
        icon: "clock",
        mood: "warn",
      };
    }
    return {
      words: state === "draining" ? "Drained" : "Disabled",
      icon: "pause",
    };
  }
  const alone = health.filter(({ breaker }) => breaker !== "closed").length;
  if (alone > 0) {
    return {
      words: alone === health.length
        ? "Fails"
        : `${formatCount(alone)} of ${formatPlural(health.length, "model")} ${
          alone === 1 ? "fails" : "fail"
        }`,
      icon: "alert",
      mood: alone === health.length ? "bad" : "warn",
    };
  }
  const isLimited = health.some(({ coolingMs }) => coolingMs > 0);
  if (isLimited) {
    return { words: "Limits the rate", icon: "clock", mood: "warn" };
  }
  return health.length === 0
    ? { words: "Not asked yet", icon: "check" }
    : { words: "Answers", icon: "check", mood: "good" };
}

/** How many of its tries failed of late: `2 of 40`, or null where nothing ended. */
export function recentFailures(
  { health }: Pick<ProviderDetails, "health">,
): string | null {
  const ended = health.reduce((sum, { recentEnded }) => sum + recentEnded, 0);
  const failed = health.reduce(
    (sum, { recentFailed }) => sum + recentFailed,
    0,
  );
  return ended === 0 ? null : `${formatCount(failed)} of ${formatCount(ended)}`;
}

/** The key without telling it. */
export function keyWords(
  { key, keyEnd }: Pick<ProviderDetails, "key" | "keyEnd">,
): string {
  if (key === "none") return "none";
  if (key === "unreadable") return "cannot be read";
  return keyEnd === null ? "kept" : `ends in ${keyEnd}`;
}

export const STRATEGY_WORDS: Readonly<
  Record<RouteDetails["strategy"], { words: string; meaning: string }>
> = {
  "priority": {
    words: "In order",
    meaning: "the first is asked, the next ones when it fails",
  },
  "weighted": {
    words: "By weight",
    meaning: "each gets its share of the requests",
  },
  "least-latency": {
    words: "Fastest first",
    meaning: "whoever began to answer soonest of late is asked first",
  },
};

export const SOURCE_WORDS: Readonly<
  Record<ProviderDetails["source"], string>
> = {
  settings: "the settings",
  page: "an admin",
};

/** Addresses that people often mean, for the field's suggestions. */
export const KNOWN_ADDRESSES: readonly { url: string; name: string }[] = [
  { name: "OpenAI", url: "https://api.openai.com/v1" },
  { name: "OpenRouter", url: "https://openrouter.ai/api/v1" },
  { name: "Mistral", url: "https://api.mistral.ai/v1" },
  { name: "Groq", url: "https://api.groq.com/openai/v1" },
  { name: "DeepSeek", url: "https://api.deepseek.com/v1" },
  { name: "Together", url: "https://api.together.xyz/v1" },
  {
    name: "Google",
    url: "https://generativelanguage.googleapis.com/v1beta/openai",
  },
  { name: "Ollama on this machine", url: "http://127.0.0.1:11434/v1" },
  { name: "LM Studio on this machine", url: "http://127.0.0.1:1234/v1" },
  { name: "vLLM on this machine", url: "http://127.0.0.1:8000/v1" },
];
