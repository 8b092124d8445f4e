import type { VNode } from "preact";
import { auditWords, factValue, factWords } from "@/lib/shared/audit_words.ts";
import { formatMoment } from "@/lib/shared/format.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import type { AuditEntry } from "@/lib/shared/wire.ts";

export interface AuditTableProps {
  entries: AuditEntry[];
  /** Names of people by their ids. */
  people: Readonly<Record<string, string>>;
  clock: Clock;
}

/** What was done, newest first. Each row opens to all that is known of it. */
export function AuditTable({ entries, ...rest }: AuditTableProps): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Audit log">
      <table class="table table-stack audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">About</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Entry key={entry.seq} entry={entry} {...rest} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Entry(
  { entry, people, clock }: Omit<AuditTableProps, "entries"> & {
    entry: AuditEntry;
  },
): VNode {
  const { at, type, actor, subject, address } = entry;
  return (
    <tr>
      <td data-label="When">
        <time datetime={at} title={at}>
          {formatMoment(new Date(at), new Date(clock.nowMs), clock.timeZone)}
        </time>
      </td>
      <th scope="row">
        <details class="audit-details">
          <summary>{auditWords(type)}</summary>
          <Facts entry={entry} people={people} />
        </details>
      </th>
      <td data-label="Who" class="anywhere">
        {actor === null
          ? <span class="faint">nobody signed in</span>
          : (
            <a class="audit-who" href={`?actor=${actor.user}`}>
              {people[actor.user] ?? actor.user}
            </a>
          )}
        {actor !== null && actor.key !== null && (
          <span class="key-bounds">by a key</span>
        )}
      </td>
      <td data-label="About" class="anywhere">
        {people[subject] ?? nameIn(entry) ?? subject}
      </td>
      <td data-label="From" class="anywhere">
        {address ?? <span class="faint">no address</span>}
      </td>
    </tr>
  );
}

/** What the entry itself calls its subject; null: nothing. */
function nameIn({ details: { name, email } }: AuditEntry): string | null {
  const called = name || email;
  return typeof called === "string" ? called : null;
}

function Facts(
  { entry, people }: {
    entry: AuditEntry;
    people: AuditTableProps["people"];
  },
): VNode {
  const { details, actor, seq, at, type, subject, prev, hash } = entry;
  const facts: [name: string, value: string][] = [
    ...Object.entries(details).map(([name, value]): [string, string] => [
      factWords(name),
      typeof value === "string" && people[value] !== undefined
        ? `${people[value]} (${value})`
        : factValue(value),
    ]),
    ["Subject", subject],
    ["Done by", actor?.user ?? "nobody signed in"],
    ["By key", actor?.key ?? "none"],
    ["At", at],
    ["Type", type],
    ["Place in the log", String(seq)],
    ["Hash", hash],
    ["Hash before", prev],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
