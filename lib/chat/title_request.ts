/** One request to a model for a title, measured for the ledger. */
import { AppError, ProviderError } from "@/lib/errors.ts";
import { estimateTokens } from "@/lib/llm/estimate.ts";
import type { ChatRequest, Provider, TokenUsage } from "@/lib/llm/types.ts";
import type { Usage } from "@/lib/shared/wire.ts";
import type { LedgerStatus } from "@/lib/usage/ledger_row.ts";

/** How a request for a title went. */
export interface TitleAnswer {
  status: LedgerStatus;
  /** What the model said, thoughts that it marks as such left out. */
  text: string;
  usage: Usage;
  /** Why there is no whole answer, or null. */
  failure: unknown;
  /** Its code for the ledger, or null. */
  error: string | null;
  /** RFC 3339 UTC. */
  startedAt: string;
  firstTokenMs: number | null;
  totalMs: number;
}

/** Whoever has said so much is not making a title. In UTF-16 code units, thoughts included. */
const MAX_SAID_CHARACTERS = 20_000;

/**
 * Asks for a title; the signal ends the asking. Never rejects: what went wrong is in the answer.
 * @param closing the signal that aborts when the process goes down, which is no failure of the provider
 */
export async function askForTitle(
  provider: Provider,
  request: ChatRequest,
  signal: AbortSignal,
  closing: AbortSignal,
): Promise<TitleAnswer> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const since = () => Math.round(performance.now() - startedMs);
  let firstTokenMs: number | null = null;
  let text = "";
  let thoughts = "";
  let reported: TokenUsage | null = null;
  let failure: unknown = null;
  try {
    for await (const delta of provider.stream(request, signal)) {
      firstTokenMs ??= since();
      if (delta.type === "text") text += delta.text;
      else if (delta.type === "reasoning") thoughts += delta.text;
      else if (delta.type === "usage") reported = delta.usage;
      if (text.length + thoughts.length > MAX_SAID_CHARACTERS) break;
    }
    signal.throwIfAborted();
  } catch (error) {
    failure = error;
  }
  return {
    status: failure === null
      ? "completed"
      : closing.aborted
      ? "interrupted"
      : "failed",
    text,
    usage: reported !== null
      ? { ...reported, estimated: false }
      : estimate(request, text + thoughts, failure),
    failure,
    error: failure === null || closing.aborted ? null : codeOf(failure),
    startedAt,
    firstTokenMs,
    totalMs: since(),
  };
}

/** A provider that refused has read and billed nothing; one that went silent may have. */
function estimate(request: ChatRequest, said: string, failure: unknown): Usage {
  const isRefused = failure instanceof ProviderError && said === "" &&
    failure.code !== "provider_timeout";
  const asked = request.messages.map(({ content }) => String(content));
  return {
    inputTokens: isRefused ? 0 : estimateTokens(asked.join("\n")),
    cachedInputTokens: 0,
    outputTokens: estimateTokens(said),
    estimated: true,
  };
}

function codeOf(failure: unknown): string {
  if (failure instanceof AppError) return failure.code;
  return failure instanceof DOMException && failure.name === "TimeoutError"
    ? "provider_timeout"
    : "internal_error";
}
