import assert from "node:assert/strict";
import { AUDIT_TYPES } from "@/lib/audit/audit_types.ts";
import { eventList, LIST_MARK } from "@/scripts/event_docs.ts";
import { walkFiles } from "@/scripts/walk_files.ts";
import { EVENT_CATALOGUE, eventFacts } from "./event_catalogue.ts";

/** Folders whose `type` names something else: chunks of streams, messages to browsers, errors. */
const OTHER_TYPES = /^lib\/(fresh|gateway|llm|streams|shared|http)/;

const isProgram = (path: string) =>
  !/_test\.tsx?$|\/testing\//.test(path) && !OTHER_TYPES.test(path);

/** Tables are set in columns by the formatter. */
const normal = (text: string) =>
  text.replace(/\s+/g, " ").replace(/-{3,}/g, "---").trim();

Deno.test("EVENT_CATALOGUE: every event that the program tells is in it", async () => {
  const missing: string[] = [];
  let found = 0;
  for await (const path of walkFiles("lib", { extensions: [".ts"] })) {
    if (!isProgram(path)) continue;
    const source = await Deno.readTextFile(path);
    for (const [, type] of source.matchAll(/\btype: "([a-z]+\.[a-z_]+)"/g)) {
      found += 1;
      if (eventFacts(type) === null) missing.push(`${path}: ${type}`);
    }
    // Of a type that is put together the noun at least is known.
    for (const [, noun] of source.matchAll(/\btype: `([a-z]+)\.\$\{/g)) {
      found += 1;
      const isKnown = Object.keys(EVENT_CATALOGUE)
        .some((type) => type.startsWith(`${noun}.`));
      if (!isKnown) missing.push(`${path}: ${noun}.…`);
    }
  }
  assert.ok(found > 15, `only ${found} events were found`);
  assert.deepEqual(missing, []);
  for (const type of AUDIT_TYPES) assert.ok(eventFacts(type), type);
});

Deno.test("EVENT_CATALOGUE: what issue 4's people and money tell is in it, and no entry names more than it may", () => {
  for (
    const type of [
      "run.started",
      "run.completed",
      "run.failed",
      "run.cancelled",
      "run.interrupted",
      "budget.warned",
      "budget.exceeded",
      "user.signed_in",
      "job.failed",
      "job.dead",
    ]
  ) assert.ok(eventFacts(type), type);
  for (
    const [type, { data, personal = [] }] of Object.entries(EVENT_CATALOGUE)
  ) {
    assert.match(type, /^[a-z]+\.[a-z_]+$/);
    for (const name of Object.keys(data)) {
      assert.doesNotMatch(name, /secret|password|content|^text$|token$/i, type);
      const mayBeWords = /^(title|name|message|error)$/.test(name);
      assert.ok(!mayBeWords || personal.includes(name), `${type}: ${name}`);
    }
  }
});

Deno.test("docs/events.md: lists what the catalogue has", async () => {
  const text = await Deno.readTextFile("docs/events.md");
  const [, list] = text.split(LIST_MARK);
  assert.ok(
    normal(list) === normal(eventList()),
    "run deno run -A scripts/event_docs.ts, then deno fmt docs/events.md",
  );
});
