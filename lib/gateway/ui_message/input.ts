/**
 * What the AI SDK's chat client posts (https://ai-sdk.dev/docs/reference/ai-sdk-ui/use-chat), and the
 * messages of a chat completion that it means.
 */
import * as z from "zod";
import { AppError } from "@/lib/errors.ts";
import {
  type ChatCompletion,
  chatCompletionSchema,
} from "@/lib/gateway/chat/input.ts";

const MAX_ID_CHARACTERS = 200;
const MAX_MODEL_CHARACTERS = 200;

const partSchema = z.looseObject({ type: z.string().min(1) });

const messageSchema = z.looseObject({
  id: z.string(),
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(partSchema),
});

/** Body of `POST /api/chat`; `model`, `params` and `tools` are what `useChat` may send besides. */
export const uiChatSchema = z.looseObject({
  id: z.string().min(1).max(MAX_ID_CHARACTERS),
  messages: z.array(messageSchema).min(1),
  trigger: z.enum(["submit-message", "regenerate-message"]).optional(),
  messageId: z.string().nullish(),
  model: z.string().min(1).max(MAX_MODEL_CHARACTERS).optional(),
  /** Further fields of the chat completion, sent on unchanged (temperature, tools, …). */
  params: chatCompletionSchema
    .omit({ model: true, messages: true, stream: true, stream_options: true })
    .optional(),
});

export type UiChat = z.output<typeof uiChatSchema>;
type ChatMessage = ChatCompletion["messages"][number];
type ContentPart = { type: string; [field: string]: unknown };
type UiMessage = UiChat["messages"][number];
type UiPart = UiMessage["parts"][number];

/**
 * The messages for the provider, oldest first. Thoughts, sources and data parts are the client's own
 * and are left out; so is a call of a tool that has no result, which no provider takes.
 * @throws {AppError} 400 `invalid_request` for a part that cannot be sent
 */
export function toChatMessages(messages: readonly UiMessage[]): ChatMessage[] {
  return messages.flatMap((message, index) => {
    if (message.role === "assistant") return assistantMessages(message.parts);
    if (message.role === "system") {
      return [{ role: "system" as const, content: textOf(message.parts) }];
    }
    return [userMessage(message.parts, index)];
  });
}

function textOf(parts: readonly UiPart[]): string {
  return parts.filter(({ type }) => type === "text")
    .map(({ text }) => String(text ?? "")).join("");
}

function userMessage(parts: readonly UiPart[], message: number): ChatMessage {
  const files = parts.filter(({ type }) => type === "file");
  if (files.length === 0) return { role: "user", content: textOf(parts) };
  const content = parts.flatMap((part, index): ContentPart[] => {
    if (part.type === "text") return [{ type: "text", text: part.text ?? "" }];
    if (part.type !== "file") return [];
    return [filePart(part, `messages.${message}.parts.${index}`)];
  });
  return { role: "user", content };
}

function filePart(part: UiPart, path: string): ContentPart {
  const mediaType = String(part.mediaType ?? "");
  const url = String(part.url ?? "");
  if (/^image(\/|$)/.test(mediaType) && /^(https?:|data:)/.test(url)) {
    return { type: "image_url", image_url: { url } };
  }
  if (/^data:[^,]*;base64,/.test(url) && !/^(audio|video)/.test(mediaType)) {
    return {
      type: "file",
      file: { filename: String(part.filename ?? "file"), file_data: url },
    };
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message:
      "A file must be an image, or another file as a data: URL; audio and video cannot be sent.",
    errors: [{ path, message: "cannot be sent to a model" }],
  });
}

interface ToolUse {
  id: string;
  name: string;
  input: unknown;
  output: unknown;
}

/** Each step of an answer is a message of its own, followed by the results of the tools it called. */
function assistantMessages(parts: readonly UiPart[]): ChatMessage[] {
  const steps: UiPart[][] = [[]];
  for (const part of parts) {
    if (part.type === "step-start") steps.push([]);
    else steps[steps.length - 1].push(part);
  }
  return steps.flatMap((step): ChatMessage[] => {
    const text = textOf(step);
    const uses = step.map(toolUse).filter((use) => use !== null);
    if (uses.length === 0) {
      return text === "" ? [] : [{ role: "assistant" as const, content: text }];
    }
    return [
      {
        role: "assistant" as const,
        content: text === "" ? null : text,
        tool_calls: uses.map(({ id, name, input }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(input ?? {}) },
        })),
      },
      ...uses.map(({ id, output }) => ({
        role: "tool" as const,
        tool_call_id: id,
        content: typeof output === "string"
          ? output
          : JSON.stringify(output ?? null),
      })),
    ];
  });
}

/** The use of a tool with its result; null for any other part. */
function toolUse(part: UiPart): ToolUse | null {
  const name = part.type === "dynamic-tool"
    ? part.toolName
    : /^tool-(.+)$/.exec(part.type)?.[1];
  if (typeof name !== "string" || typeof part.toolCallId !== "string") {
    return null;
  }
  const use = { id: part.toolCallId, name, input: part.input };
  if (part.state === "output-available") return { ...use, output: part.output };
  if (part.state === "output-error") {
    return { ...use, output: { error: part.errorText } };
  }
  return null;
}
