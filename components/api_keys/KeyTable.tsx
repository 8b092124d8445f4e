import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import { keyBounds, whatKeyMay } from "@/lib/shared/api_key_words.ts";
import type { Key } from "@/lib/shared/wire.ts";
import { RevokeKey } from "./RevokeKey.tsx";

export interface KeyTableProps {
  keys: Key[];
  /** What the table is called. */
  label: string;
  /** Where its forms are sent. */
  action: string;
  nowMs: number;
  /** Whose each key is, by the id of the user; without it all are the viewer's. */
  people?: Record<string, string>;
  /** Id of the viewer: nobody changes the key of somebody else. */
  viewer: string;
}

/** How long before its end a key is marked, in milliseconds. */
const SOON_MS = 7 * 24 * 60 * 60_000;

/** Keys, each with what it may and a way to end it. */
export function KeyTable(
  { keys, label, action, nowMs, people, viewer }: KeyTableProps,
): VNode {
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label={label}>
      <table class="table table-stack api-keys">
        <thead>
          <tr>
            <th scope="col">Name</th>
            {people && <th scope="col">Person</th>}
            <th scope="col">Begins</th>
            <th scope="col">May</th>
            <th scope="col">Last used</th>
            <th scope="col">Ends</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <Row
              key={key.id}
              of={key}
              action={action}
              nowMs={nowMs}
              person={people && (people[key.userId] ?? key.userId)}
              isOwn={key.userId === viewer}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { of: key, action, nowMs, person, isOwn }: {
    of: Key;
    action: string;
    nowMs: number;
    person?: string;
    isOwn: boolean;
  },
): VNode {
  const bounds = keyBounds(key);
  return (
    <tr>
      <th scope="row" class="anywhere">{key.name}</th>
      {person !== undefined && (
        <td class="anywhere" data-label="Person">{person}</td>
      )}
      <td class="mono">{key.prefix}…{key.lastCharacters}</td>
      <td data-label="May" class="anywhere">
        {whatKeyMay(key)}
        {bounds !== "" && <span class="key-bounds">{bounds}</span>}
      </td>
      <td data-label="Last used">
        <Moment at={key.lastUsedAt} nowMs={nowMs} />
      </td>
      <td data-label="Ends">
        <Ends at={key.expiresAt} nowMs={nowMs} />
      </td>
      <td class="num act">
        <div class="btn-row key-acts">
          {isOwn && (
            <a
              class="link-btn"
              href={`/settings?edit=${key.id}#keys`}
              aria-label={`Change key “${key.name}”`}
            >
              Change
            </a>
          )}
          <RevokeKey of={key} action={action} />
        </div>
      </td>
    </tr>
  );
}

function Ends({ at, nowMs }: { at: string | null; nowMs: number }): VNode {
  const leftMs = at === null ? Infinity : Date.parse(at) - nowMs;
  if (leftMs <= 0) return <span class="badge" data-kind="bad">ended</span>;
  const moment = <Moment at={at} nowMs={nowMs} isAhead />;
  return leftMs > SOON_MS
    ? moment
    : <span class="badge" data-kind="warn">{moment}</span>;
}
