import assert from "node:assert/strict";
import { chooseDefault, isChatModel } from "@/lib/llm/model_names.ts";

Deno.test("isChatModel: tells chat models from the others by name", () => {
  const chat = [
    "gpt-5",
    "gpt-4o-mini",
    "o3",
    "chatgpt-4o-latest",
    "llama3.2:latest",
    "qwen/qwen3-30b-a3b",
    "mistral-7b-instruct",
    "anthropic/claude-sonnet-4.5",
    "gemma3:4b",
  ];
  const other = [
    "text-embedding-3-large",
    "text-embedding-ada-002",
    "nomic-embed-text:latest",
    "text-embedding-nomic-embed-text-v1.5",
    "bge-m3:latest",
    "whisper-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "gpt-4o-audio-preview",
    "gpt-realtime",
    "gpt-4o-transcribe",
    "dall-e-3",
    "gpt-image-1",
    "sora-2",
    "omni-moderation-latest",
    "davinci-002",
    "babbage-002",
    "gpt-3.5-turbo-instruct",
  ];
  assert.deepEqual(chat.filter((name) => !isChatModel(name)), []);
  assert.deepEqual(other.filter(isChatModel), []);
});

Deno.test("chooseDefault: the newest plain GPT of OpenAI's unordered list", () => {
  const names = [
    "text-embedding-ada-002",
    "gpt-4",
    "gpt-5.1",
    "gpt-5-nano",
    "gpt-4o",
    "gpt-image-1",
    "gpt-5.1-2026-01-01",
    "gpt-5",
  ];
  assert.equal(chooseDefault(names), "gpt-5.1");
});

Deno.test("chooseDefault: elsewhere the first that chats, else the first, else none", () => {
  assert.equal(chooseDefault(["bge-m3", "qwen3", "llama3"]), "qwen3");
  assert.equal(chooseDefault(["bge-m3"]), "bge-m3");
  assert.equal(chooseDefault([]), null);
});
