import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";
import type { KeptAnswer } from "@/lib/shared/wire.ts";

/** Kept answers without their texts, each with its end. */
export function KeptTable(
  { answers, nowMs }: { answers: readonly KeptAnswer[]; nowMs: number },
): VNode {
  return (
    <div
      class="table-wrap"
      tabIndex={0}
      role="region"
      aria-label="Kept answers"
    >
      <table class="table table-stack kept-table">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Asked of</th>
            <th scope="col">Answered by</th>
            <th scope="col">Kept since</th>
            <th scope="col" class="num">Size</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {answers.map((answer) => (
            <Row key={answer.key} of={answer} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Enough of a key to tell it from others. */
const SHOWN_CHARACTERS = 12;

function Row(
  { of: { key, model, servedBy, storedAt, bytes }, nowMs }: {
    of: KeptAnswer;
    nowMs: number;
  },
): VNode {
  const short = key.slice(0, SHOWN_CHARACTERS);
  return (
    <tr>
      <th scope="row" class="mono">
        <a href={`/admin/cache?key=${key}#look`} title={key}>{short}…</a>
      </th>
      <td data-label="Asked of" class="anywhere">{model}</td>
      <td data-label="Answered by" class="anywhere">
        {servedBy === model ? <span class="faint">the same</span> : servedBy}
      </td>
      <td data-label="Kept since">
        <Moment at={storedAt} nowMs={nowMs} />
      </td>
      <td data-label="Size" class="num">{formatBytes(bytes)}</td>
      <td class="num act">
        <PurgeKey id={key} label={`Purge ${short}`} />
      </td>
    </tr>
  );
}

/** Removes one answer. */
export function PurgeKey(
  { id, label }: { id: string; label: string },
): VNode {
  return (
    <Confirm
      label="Purge"
      small
      what="The next such request asks a provider again."
    >
      <form method="post" action="/admin/cache">
        <input type="hidden" name="action" value="purge" />
        <input type="hidden" name="purge" value="key" />
        <input type="hidden" name="key" value={id} />
        <button class="btn btn-danger is-sure" type="submit">{label}</button>
      </form>
    </Confirm>
  );
}
