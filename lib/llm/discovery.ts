/**
 * Finds model servers that run on this machine. Both speak OpenAI's API below `/v1`:
 * https://ollama.com/blog/openai-compatibility, https://lmstudio.ai/docs/app/api/endpoints/openai.
 */
import { isChatModel } from "@/lib/llm/model_names.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";

export type LocalServerId = "ollama" | "lm-studio";

/** A server that answered. */
export interface LocalServer {
  id: LocalServerId;
  /** Name for people. */
  label: string;
  baseUrl: string;
  /** Names of its models that chat. */
  models: string[];
}

export type LocalPorts = Partial<Record<LocalServerId, number>>;

const SERVERS: { id: LocalServerId; label: string; port: number }[] = [
  { id: "ollama", label: "Ollama", port: 11434 },
  { id: "lm-studio", label: "LM Studio", port: 1234 },
];
const ANSWER_WITHIN_MS = 500;

/**
 * Asks the usual ports, all at once; one that does not answer with a list of models within 500 ms is
 * taken as not there. Never rejects but for the signal.
 * @param ports other ports than the usual ones
 */
export async function discoverLocal(
  signal: AbortSignal,
  ports: LocalPorts = {},
): Promise<LocalServer[]> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), ANSWER_WITHIN_MS);
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    const answers = await Promise.allSettled(
      SERVERS.map(async ({ id, label, port }) => {
        const baseUrl = `http://127.0.0.1:${ports[id] ?? port}/v1`;
        const provider = new OpenAIProvider({ id, baseUrl });
        try {
          const names = await provider.listModels(either);
          return { id, label, baseUrl, models: names.filter(isChatModel) };
        } finally {
          provider.close();
        }
      }),
    );
    signal.throwIfAborted();
    return answers.flatMap((answer) =>
      answer.status === "fulfilled" ? [answer.value] : []
    );
  } finally {
    clearTimeout(timer);
  }
}
