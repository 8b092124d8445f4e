import assert from "node:assert/strict";
import { markdownMessage, markdownName } from "./thread_markdown.ts";

const nameOf = (title: string) =>
  markdownName({ id: "thr_1", title, createdAt: "2026-11-21T10:00:00.000Z" });

Deno.test("markdownName: takes nothing that a file system gives a meaning", () => {
  assert.equal(
    nameOf("Pegel: A/B?"),
    "threads/2026-11-21 Pegel A B thr_1.md",
  );
  const names = [
    "../../etc/passwd",
    "..",
    "C:\\x",
    "a\u0000b",
    "",
    "…",
    "\u202egnp",
  ]
    .map(nameOf);
  for (const name of names) {
    assert.match(
      name,
      /^threads\/2026-11-21 [^/\\:*?"<>|\p{Cc}\p{Cf}]*thr_1\.md$/u,
    );
    assert.ok(!name.includes(".."), name);
  }
});

Deno.test("markdownName: is short, and cuts no character in two", () => {
  const name = nameOf("🌊".repeat(500));
  assert.equal(name, `threads/2026-11-21 ${"🌊".repeat(60)} thr_1.md`);
});

Deno.test("markdownMessage: says who and how it ended, and leaves the text as it is", () => {
  const at = "2026-11-21T10:00:00.000Z";
  const text = "## A heading\n\n```\ncode\n```";
  const answer = markdownMessage(
    { role: "assistant", model: "m", status: "stopped", createdAt: at },
    text,
  );
  assert.ok(answer.includes(`\n## Answer by m\n\n*${at}, stopped*\n`));
  assert.ok(answer.endsWith(`\n\n${text}\n`));
});
