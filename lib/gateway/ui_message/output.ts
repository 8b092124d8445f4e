/**
 * The AI SDK's UI message stream, version 1 (https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol), made of
 * the chunks of a streamed chat completion.
 */

export const UI_MESSAGE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no",
} as const;

/** The line that ends every stream. */
export const UI_MESSAGE_END = "data: [DONE]\n\n";

/** A part of the stream: its `type`, and what that type carries. */
export interface UiChunk {
  type: string;
  [field: string]: unknown;
}

export function formatUiChunk(chunk: UiChunk): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** The members that are read of a chunk (https://platform.openai.com/docs/api-reference/chat-streaming). */
export interface CompletionChunk {
  model?: string;
  choices?: {
    index?: number;
    delta?: {
      content?: string | null;
      refusal?: string | null;
      reasoning_content?: string | null;
      reasoning?: string | null;
      tool_calls?: ToolCallDelta[];
    };
    finish_reason?: string | null;
  }[];
  usage?: Record<string, unknown> | null;
}

interface ToolCallDelta {
  index?: number;
  id?: string;
  function?: { name?: string; arguments?: string };
}

interface OpenTool {
  id: string;
  name: string;
  input: string;
}

const FINISH_REASONS: Record<string, string> = {
  stop: "stop",
  length: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
};

/** Turns one run into the parts of one message; each call gives those to send next. */
export class UiMessageWriter {
  readonly #runId: string;
  #open: { type: "text" | "reasoning"; id: string } | null = null;
  #count = 0;
  #tools = new Map<number, OpenTool>();
  #finishReason: string | null = null;
  #usage: Record<string, unknown> | null = null;
  #model: string | null = null;

  /** @param runId becomes the id of the message */
  constructor(runId: string) {
    this.#runId = runId;
  }

  start(): UiChunk[] {
    return [
      {
        type: "start",
        messageId: this.#runId,
        messageMetadata: { runId: this.#runId },
      },
      { type: "start-step" },
    ];
  }

  chunk({ model, choices, usage }: CompletionChunk): UiChunk[] {
    this.#model = model ?? this.#model;
    this.#usage = usage ?? this.#usage;
    const parts: UiChunk[] = [];
    for (const { index = 0, delta, finish_reason } of choices ?? []) {
      // A message of the client is one answer.
      if (index !== 0) continue;
      const thought = delta?.reasoning_content ?? delta?.reasoning;
      if (thought) this.#text("reasoning", thought, parts);
      const text = delta?.content || delta?.refusal;
      if (text) this.#text("text", text, parts);
      for (const call of delta?.tool_calls ?? []) this.#tool(call, parts);
      this.#finishReason = finish_reason ?? this.#finishReason;
    }
    return parts;
  }

  /** The run begins anew: what was sent of it is taken back. */
  reset(): UiChunk[] {
    this.#open = null;
    this.#tools = new Map();
    this.#finishReason = null;
    this.#usage = null;
    return [{ type: "reset-step" }];
  }

  /** The answer is complete. */
  finish(): UiChunk[] {
    const parts: UiChunk[] = [];
    this.#close(parts);
    for (const tool of this.#tools.values()) parts.push(wholeTool(tool));
    parts.push({ type: "finish-step" }, {
      type: "finish",
      finishReason: FINISH_REASONS[this.#finishReason ?? "stop"] ?? "other",
      messageMetadata: {
        runId: this.#runId,
        ...(this.#model === null ? {} : { model: this.#model }),
        ...(this.#usage === null ? {} : { usage: this.#usage }),
      },
    });
    return parts;
  }

  /** Somebody has stopped the run; what was sent stays. */
  abort(): UiChunk[] {
    const parts: UiChunk[] = [];
    this.#close(parts);
    parts.push({ type: "abort", reason: "The answer was stopped" });
    return parts;
  }

  /** @param message for people */
  error(message: string): UiChunk[] {
    const parts: UiChunk[] = [];
    this.#close(parts);
    parts.push({ type: "error", errorText: message });
    return parts;
  }

  #text(type: "text" | "reasoning", delta: string, parts: UiChunk[]): void {
    if (this.#open?.type !== type) {
      this.#close(parts);
      this.#open = { type, id: `${type}-${this.#count}` };
      this.#count += 1;
      parts.push({ type: `${type}-start`, id: this.#open.id });
    }
    parts.push({ type: `${type}-delta`, id: this.#open.id, delta });
  }

  #close(parts: UiChunk[]): void {
    if (this.#open === null) return;
    parts.push({ type: `${this.#open.type}-end`, id: this.#open.id });
    this.#open = null;
  }

  #tool(
    { index = 0, id, function: call }: ToolCallDelta,
    parts: UiChunk[],
  ): void {
    let tool = this.#tools.get(index);
    if (tool === undefined) {
      this.#close(parts);
      tool = {
        // A few servers give no id; the client needs one to tell the calls apart.
        id: id || `${this.#runId}-tool-${index}`,
        name: call?.name ?? "",
        input: "",
      };
      this.#tools.set(index, tool);
      const { id: toolCallId, name: toolName } = tool;
      parts.push({ type: "tool-input-start", toolCallId, toolName });
    }
    const text = call?.arguments ?? "";
    if (text === "") return;
    tool.input += text;
    const { id: toolCallId } = tool;
    parts.push({ type: "tool-input-delta", toolCallId, inputTextDelta: text });
  }
}

/** The call of a tool, whole; its arguments may be no JSON. */
function wholeTool(
  { id: toolCallId, name: toolName, input }: OpenTool,
): UiChunk {
  try {
    return {
      type: "tool-input-available",
      toolCallId,
      toolName,
      input: input.trim() === "" ? {} : JSON.parse(input),
    };
  } catch {
    return {
      type: "tool-input-error",
      toolCallId,
      toolName,
      input,
      errorText: "The model gave arguments that are not JSON",
    };
  }
}
