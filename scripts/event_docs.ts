/** Writes the list of events in docs/events.md: `deno run -A scripts/event_docs.ts`, then `deno fmt`. */
import { AUDIT_FACTS, AUDIT_TYPES } from "@/lib/audit/audit_types.ts";
import { EVENT_CATALOGUE } from "@/lib/events/event_catalogue.ts";

/** What stands before the list. */
export const LIST_MARK = "<!-- the list of lib/events/event_catalogue.ts -->";

const DOCS = new URL("../docs/events.md", import.meta.url);

function named(type: string, name: string): string {
  const isPersonal = EVENT_CATALOGUE[type].personal?.includes(name);
  return `\`${name}\`${isPersonal ? " ‡" : ""}`;
}

function row(type: string): string {
  const { when, subject, data, isNamedOnly } = EVENT_CATALOGUE[type];
  const cells = [
    `\`${type}\`${isNamedOnly ? " †" : ""}`,
    when,
    subject,
    Object.keys(data).map((name) => named(type, name)).join(", "),
  ];
  return `| ${cells.join(" | ")} |`;
}

function table(types: readonly string[]): string {
  return [
    "| type | told when | subject | data |",
    "| --- | --- | --- | --- |",
    ...types.map(row),
  ].join("\n");
}

/** What the members of the data are, by noun. */
function members(types: readonly string[]): string {
  const byNoun = Map.groupBy(types, (type) => type.split(".")[0]);
  return [...byNoun].flatMap(([noun, types]) => {
    const known = new Map(
      types.flatMap((type) => Object.entries(EVENT_CATALOGUE[type].data)),
    );
    const told = [...known].map(([name, what]) => `\`${name}\`: ${what}`);
    return told.length === 0 ? [] : [`- **${noun}**: ${told.join("; ")}.`];
  }).join("\n");
}

/** The list as Markdown. */
export function eventList(): string {
  const audited = new Set<string>(AUDIT_TYPES);
  const work = Object.keys(EVENT_CATALOGUE)
    .filter((type) => !audited.has(type));
  return [
    "## What people and programs do",
    table(work),
    "### What their members are",
    members(work),
    "## What the audit log keeps",
    "Their `data` is `actor` (`{user, key}`, or null: nobody who is signed in), `address` of the client, and `details`:",
    [
      "| type | told when | details |",
      "| --- | --- | --- |",
      ...AUDIT_TYPES.map((type) =>
        `| \`${type}\` | ${EVENT_CATALOGUE[type].when} | ${
          AUDIT_FACTS[type].map((fact) => `\`${fact}\``).join(", ")
        } |`
      ),
    ].join("\n"),
  ].join("\n\n");
}

if (import.meta.main) {
  const text = await Deno.readTextFile(DOCS);
  const head = text.slice(0, text.indexOf(LIST_MARK));
  await Deno.writeTextFile(DOCS, `${head}${LIST_MARK}\n\n${eventList()}\n`);
}
