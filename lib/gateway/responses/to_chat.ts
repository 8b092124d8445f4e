/** What is asked for in the words of `/v1/responses`, in those of `/v1/chat/completions`. */
import type { ChatCompletion } from "../chat/input.ts";
import {
  type InputItem,
  type InputPart,
  refused,
  type ResponseRequest,
} from "./input.ts";

type Message = ChatCompletion["messages"][number];

/**
 * Fields that a provider's chat completions would not know, that are spelled otherwise there, or that are
 * only possible there together with others.
 */
const OWN_FIELDS = [
  "input",
  "instructions",
  "previous_response_id",
  "stream",
  "stream_options",
  "background",
  "store",
  "include",
  "metadata",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "top_logprobs",
  "max_tool_calls",
  "max_output_tokens",
  "text",
  "reasoning",
  "truncation",
  "conversation",
  "prompt",
  "n",
] as const;

const LOGPROBS = "message.output_text.logprobs";

/** @param messages the conversation so far, as `toMessages` gives it */
export function toChatCompletion(
  request: ResponseRequest,
  messages: Message[],
): ChatCompletion {
  const { instructions, text, reasoning, tools, tool_choice: choice } = request;
  const params: Record<string, unknown> = { ...request };
  for (const name of OWN_FIELDS) delete params[name];
  for (const [name, value] of Object.entries(params)) {
    if (value === null) delete params[name];
  }
  const format = responseFormat(text?.format);
  return {
    ...params,
    model: request.model,
    messages: instructions
      ? [{ role: "system", content: instructions }, ...messages]
      : messages,
    ...given("max_completion_tokens", request.max_output_tokens),
    ...given("reasoning_effort", reasoning?.effort),
    ...given("verbosity", text?.verbosity),
    ...given("response_format", format),
    ...toLogprobs(request),
    ...(tools && tools.length > 0
      ? {
        tools: tools.map(toChatTool),
        ...given("tool_choice", toChatToolChoice(choice)),
        ...given("parallel_tool_calls", request.parallel_tool_calls),
      }
      : {}),
  };
}

function toLogprobs(
  { include, top_logprobs: top }: ResponseRequest,
): Record<string, unknown> {
  if (!top && !include?.includes(LOGPROBS)) return {};
  return { logprobs: true, ...given("top_logprobs", top) };
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === null || value === undefined ? {} : { [name]: value };
}

function toChatTool({ type, ...definition }: Record<string, unknown>) {
  const about = Object.entries(definition).filter(([, value]) =>
    value !== null
  );
  return { type: String(type), function: Object.fromEntries(about) };
}

function toChatToolChoice(choice: ResponseRequest["tool_choice"]) {
  return typeof choice === "object" && choice !== null
    ? { type: "function", function: { name: choice.name } }
    : choice;
}

function responseFormat(
  format: NonNullable<ResponseRequest["text"]>["format"],
): Record<string, unknown> | null {
  if (!format || format.type === "text") return null;
  if (format.type === "json_object") return { type: "json_object" };
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}

/**
 * The messages of a chat out of items: calls of functions join the assistant's message before them.
 * Reasoning is left out, since no provider takes it back.
 * @param path where the items are in the request, for errors
 * @throws {AppError} 400 `invalid_request` for an item or a part that cannot be passed on
 */
export function toMessages(
  items: readonly InputItem[],
  path = "input",
): Message[] {
  const messages: Message[] = [];
  for (const [index, item] of items.entries()) {
    const at = `${path}.${index}`;
    const type = item.type ?? "message";
    if (type === "message") messages.push(toMessage(item, at));
    else if (type === "function_call") addCall(messages, item, at);
    else if (type === "function_call_output") {
      messages.push(toToolMessage(item, at));
    } else if (type !== "reasoning") {
      throw refused(
        `${at}.type`,
        `items of type "${type}" are not possible here`,
      );
    }
  }
  return messages;
}

function toMessage({ role, content }: InputItem, path: string): Message {
  if (!role) throw refused(`${path}.role`, "a message needs a role");
  if (content === null || content === undefined) {
    throw refused(`${path}.content`, "a message needs a content");
  }
  if (typeof content === "string") return { role, content };
  const parts = content.map((part, index) => {
    const at = `${path}.content.${index}`;
    const isMedia = part.type === "input_image" || part.type === "input_file";
    if (isMedia && role !== "user") {
      throw refused(`${at}.type`, "is possible in user messages");
    }
    return toPart(part, at);
  });
  const [only] = parts;
  return parts.length === 1 && only.type === "text"
    ? { role, content: String(only.text) }
    : { role, content: parts };
}

function toPart(part: InputPart, path: string): InputPart {
  switch (part.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: textOf(part.text, `${path}.text`) };
    case "refusal":
      return {
        type: "refusal",
        refusal: textOf(part.refusal, `${path}.refusal`),
      };
    case "input_image": {
      if (typeof part.image_url !== "string") {
        throw refused(`${path}.image_url`, "an image needs its URL here");
      }
      const { image_url: url, detail } = part;
      return {
        type: "image_url",
        image_url: { url, ...given("detail", detail) },
      };
    }
    case "input_file": {
      if (typeof part.file_data !== "string") {
        throw refused(`${path}.file_data`, "a file needs its data here");
      }
      const { filename, file_data } = part;
      return {
        type: "file",
        file: { ...given("filename", filename), file_data },
      };
    }
    default:
      throw refused(
        `${path}.type`,
        `parts of type "${part.type}" are not possible here`,
      );
  }
}

function textOf(text: unknown, path: string): string {
  if (typeof text === "string") return text;
  throw refused(path, "must be a text");
}

function addCall(
  messages: Message[],
  { call_id: id, name, arguments: text }: InputItem,
  path: string,
): void {
  if (!id) throw refused(`${path}.call_id`, "a call needs its id");
  if (!name) throw refused(`${path}.name`, "a call needs a name");
  const call = {
    id,
    type: "function",
    function: { name, arguments: text ?? "" },
  };
  const last = messages.at(-1);
  if (last?.role === "assistant") {
    last.tool_calls = [...last.tool_calls ?? [], call];
  } else {
    messages.push({ role: "assistant", content: null, tool_calls: [call] });
  }
}

function toToolMessage(
  { call_id: id, output }: InputItem,
  path: string,
): Message {
  if (!id) throw refused(`${path}.call_id`, "an output needs its call's id");
  if (output === null || output === undefined) {
    throw refused(`${path}.output`, "must be a text");
  }
  const content = typeof output === "string"
    ? output
    : output.map((part, index) => toPart(part, `${path}.output.${index}`));
  return { role: "tool", tool_call_id: id, content };
}
