import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { toChatMessages, type UiChat, uiChatSchema } from "./input.ts";

type UiMessage = UiChat["messages"][number];

const message = (role: UiMessage["role"], ...parts: UiMessage["parts"]) => ({
  id: "m",
  role,
  parts,
});
const text = (text: string) => ({ type: "text", text });

Deno.test("toChatMessages: texts become messages in their order", () => {
  assert.deepEqual(
    toChatMessages([
      message("system", text("Be brief.")),
      message("user", text("How "), text("high?")),
      message("assistant", { type: "step-start" }, text("3 m.")),
      message("user", text("And now?")),
    ]),
    [
      { role: "system", content: "Be brief." },
      { role: "user", content: "How high?" },
      { role: "assistant", content: "3 m." },
      { role: "user", content: "And now?" },
    ],
  );
});

Deno.test("toChatMessages: thoughts, sources and data of the client stay with it", () => {
  assert.deepEqual(
    toChatMessages([
      message(
        "assistant",
        { type: "reasoning", text: "Hm." },
        { type: "source-url", sourceId: "s", url: "https://example.com" },
        { type: "data-weather", data: {} },
        text("3 m."),
      ),
      message("assistant", { type: "step-start" }),
    ]),
    [{ role: "assistant", content: "3 m." }],
  );
});

Deno.test("toChatMessages: images and files go as parts", () => {
  const [{ content }] = toChatMessages([
    message(
      "user",
      text("What is this?"),
      { type: "file", mediaType: "image/png", url: "data:image/png;base64,AA" },
      { type: "file", mediaType: "image", url: "https://example.com/a.png" },
      {
        type: "file",
        mediaType: "application/pdf",
        filename: "a.pdf",
        url: "data:application/pdf;base64,AA",
      },
    ),
  ]);
  assert.deepEqual(content, [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url: "data:image/png;base64,AA" } },
    { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    {
      type: "file",
      file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA" },
    },
  ]);
});

for (
  const [what, file] of [
    ["audio", { mediaType: "audio/wav", url: "data:audio/wav;base64,AA" }],
    ["a file elsewhere", {
      mediaType: "application/pdf",
      url: "https://example.com/a.pdf",
    }],
    ["a file of this machine", {
      mediaType: "image/png",
      url: "file:///etc/passwd",
    }],
  ] as const
) {
  Deno.test(`toChatMessages: ${what} is 400 and named`, () => {
    assert.throws(
      () => toChatMessages([message("user", { type: "file", ...file })]),
      (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.status, 400);
        assert.equal(error.errors[0].path, "messages.0.parts.0");
        return true;
      },
    );
  });
}

Deno.test("toChatMessages: a tool's use becomes a call and its result, step by step", () => {
  const tool = (more: Record<string, unknown>) => ({
    type: "tool-level",
    toolCallId: "call_1",
    input: { river: "Elbe" },
    state: "output-available",
    output: { metres: 3 },
    ...more,
  });
  assert.deepEqual(
    toChatMessages([
      message(
        "assistant",
        { type: "step-start" },
        text("I look."),
        tool({}),
        tool({
          type: "dynamic-tool",
          toolName: "tide",
          toolCallId: "call_2",
          state: "output-error",
          errorText: "down",
        }),
        { type: "step-start" },
        text("3 m."),
      ),
    ]),
    [
      {
        role: "assistant",
        content: "I look.",
        tool_calls: [
          {
            id: "call_1",
            type: "function",
            function: { name: "level", arguments: '{"river":"Elbe"}' },
          },
          {
            id: "call_2",
            type: "function",
            function: { name: "tide", arguments: '{"river":"Elbe"}' },
          },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: '{"metres":3}' },
      { role: "tool", tool_call_id: "call_2", content: '{"error":"down"}' },
      { role: "assistant", content: "3 m." },
    ],
  );
});

Deno.test("toChatMessages: a call without a result is left out", () => {
  assert.deepEqual(
    toChatMessages([
      message("assistant", text("Wait."), {
        type: "tool-level",
        toolCallId: "call_1",
        state: "input-available",
        input: {},
      }),
    ]),
    [{ role: "assistant", content: "Wait." }],
  );
});

Deno.test("uiChatSchema: takes what useChat posts, and refuses what is none", () => {
  const body = {
    id: "chat-1",
    messages: [message("user", text("Hi"))],
    trigger: "submit-message",
    messageId: undefined,
  };
  assert.ok(uiChatSchema.safeParse(body).success);
  for (
    const wrong of [
      { ...body, id: "" },
      { ...body, messages: [] },
      { ...body, messages: [{ id: "m", role: "tool", parts: [] }] },
      { ...body, messages: [{ id: "m", role: "user", content: "Hi" }] },
      { ...body, trigger: "resume" },
    ]
  ) assert.equal(uiChatSchema.safeParse(wrong).success, false);
});
