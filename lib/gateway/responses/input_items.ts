/** Items of an input as they are kept, and listed. */
import type { InputItem, ResponseRequest } from "./input.ts";
import type { StoredRequest } from "./response_store.ts";

/** Prefixes of the ids of items by their type. */
const PREFIXES: Readonly<Record<string, string>> = {
  function_call: "fc",
  function_call_output: "fco",
  reasoning: "rs",
};

/** Items as they are kept: each with a type and an id, parts in a list. */
export function toItems(
  input: ResponseRequest["input"],
  runId: string,
): StoredRequest["items"] {
  const items: InputItem[] = typeof input === "string"
    ? [{ type: "message", role: "user", content: input }]
    : input;
  const tail = runId.replace(/^run_/, "");
  return items.map((item, index) => {
    const type = item.type ?? "message";
    const id = item.id || `${PREFIXES[type] ?? "msg"}_${tail}_in${index}`;
    const kind = item.role === "assistant" ? "output_text" : "input_text";
    return {
      ...item,
      id,
      type,
      status: "completed",
      ...(typeof item.content === "string"
        ? { content: [{ type: kind, text: item.content }] }
        : {}),
    };
  });
}
