import assert from "node:assert/strict";
import { renderToString } from "preact-render-to-string";
import type { Setup } from "@/lib/shared/chat/setup.ts";
import { Welcome } from "./Welcome.tsx";

const render = (setup: Setup) => renderToString(<Welcome setup={setup} />);

Deno.test("Welcome: says that the demo answers, and how to connect a model", () => {
  const html = render({ kind: "demo", offers: [] });
  assert.match(html, /It is not a language model/);
  assert.match(html, /OPENAI_API_KEY=/);
  assert.match(html, /OPENAI_BASE_URL=/);
  assert.match(html, /data-question=/);
  assert.doesNotMatch(html, /Use it/);
});

Deno.test("Welcome: offers a model server that was found", () => {
  const html = render({
    kind: "demo",
    offers: [{ id: "ollama", label: "Ollama", modelCount: 4 }],
  });
  assert.match(html, /Ollama on this computer/);
  assert.match(html, /with 4 models/);
  assert.match(html, /Use it/);
});

Deno.test("Welcome: tells who does not run the server whom to ask", () => {
  const html = render({ kind: "demo", offers: null });
  assert.match(html, /Whoever runs this server can connect a model/);
  assert.doesNotMatch(html, /OPENAI_API_KEY/);
});

Deno.test("Welcome: names the model that answers, and asks for nothing more", () => {
  const html = render({ kind: "ready", model: "qwen3" });
  assert.match(html, /qwen3/);
  assert.doesNotMatch(html, /OPENAI_API_KEY|data-question/);
});

Deno.test("Welcome: says what to do when no provider answers", () => {
  assert.match(render({ kind: "silent" }), /Check that it is running/);
});
