import assert from "node:assert/strict";
import { DemoProvider } from "@/lib/llm/demo/provider.ts";
import type { Delta } from "@/lib/llm/types.ts";

const PAGES = [{
  page: "docs/backup.md",
  markdown: "# Backups\n\n## Restore a copy\n\nRun `restore` with the file.\n",
}, {
  page: "docs/settings.md",
  markdown: "# Settings\n\n## PORT\n\nWhere the server listens.\n",
}];

function demo(pages = PAGES): DemoProvider {
  return new DemoProvider({
    readPages: () => Promise.resolve(pages),
    pause: () => Promise.resolve(),
  });
}

async function answer(provider: DemoProvider, content: string | unknown[]) {
  const deltas: Delta[] = await Array.fromAsync(
    provider.stream(
      { model: "demo", messages: [{ role: "user", content }] },
      new AbortController().signal,
    ),
  );
  const text = deltas
    .map((delta) => delta.type === "text" ? delta.text : "").join("");
  return { deltas, text };
}

Deno.test("DemoProvider.stream: quotes the manual, cites the page and says what it is", async () => {
  const { text, deltas } = await answer(demo(), "How do I restore a backup?");
  assert.match(text, /not a language model/);
  assert.match(text, /`docs\/backup\.md`, “Restore a copy”/);
  assert.match(text, /^> Run `restore` with the file\.$/m);
  assert.deepEqual(deltas.at(-1), { type: "finish", reason: "stop" });
  assert.ok(deltas.length > 20, "does not come word by word");
});

Deno.test("DemoProvider.stream: reads content parts", async () => {
  const parts = [{ type: "text", text: "Which port?" }, { type: "image_url" }];
  assert.match((await answer(demo(), parts)).text, /docs\/settings\.md/);
});

Deno.test("DemoProvider.stream: names the pages when nothing fits", async () => {
  const { text } = await answer(demo(), "zzzzqqqq");
  assert.match(text, /found nothing/);
  assert.match(text, /- `docs\/backup\.md`\n- `docs\/settings\.md`/);
});

Deno.test("DemoProvider.stream: answers without a manual", async () => {
  assert.match((await answer(demo([]), "Hello")).text, /OPENAI_API_KEY/);
});

Deno.test("DemoProvider.stream: a pasted megabyte is answered", async () => {
  const { text } = await answer(demo(), "restore ".repeat(130_000));
  assert.match(text, /docs\/backup\.md/);
});

Deno.test("DemoProvider.stream: the manual is read at the first question, once", async () => {
  let reads = 0;
  const provider = new DemoProvider({
    readPages: () => Promise.resolve(PAGES).finally(() => reads++),
    pause: () => Promise.resolve(),
  });
  assert.equal(reads, 0);
  await answer(provider, "restore");
  await answer(provider, "port");
  assert.equal(reads, 1);
});

Deno.test("DemoProvider.stream: stops at once when the signal aborts", async () => {
  const controller = new AbortController();
  const provider = new DemoProvider({
    readPages: () => Promise.resolve(PAGES),
  });
  const stream = provider.stream(
    { model: "demo", messages: [{ role: "user", content: "restore" }] },
    controller.signal,
  );
  await stream.next();
  controller.abort();
  await assert.rejects(stream.next(), { name: "AbortError" });
});

Deno.test("DemoProvider: finds this project's own manual", async () => {
  const provider = new DemoProvider({ pause: () => Promise.resolve() });
  const { text } = await answer(provider, "Which settings are there?");
  assert.match(text, /`docs\/settings\.md`/);
});
