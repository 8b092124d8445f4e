import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { originWords } from "@/lib/shared/backup_view.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";
import type { Backup } from "@/lib/shared/wire.ts";

/** All backups, newest first, each with what is in it and what can be done with it. */
export function BackupTable(
  { backups, nowMs }: { backups: readonly Backup[]; nowMs: number },
): VNode {
  return (
    <div
      class="table-wrap mt-4"
      tabIndex={0}
      role="region"
      aria-label="Backups"
    >
      <table class="table table-stack backup-table">
        <thead>
          <tr>
            <th scope="col">Made</th>
            <th scope="col">Holds</th>
            <th scope="col" class="num">Size</th>
            <th scope="col">State</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {backups.map((backup) => (
            <Row key={backup.id} backup={backup} nowMs={nowMs} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ backup, nowMs }: { backup: Backup; nowMs: number }): VNode {
  const { id, name, bytes, madeAt, holds } = backup;
  return (
    <tr>
      <th scope="row">
        {madeAt === null ? "It does not say" : (
          <>
            <Moment at={madeAt} nowMs={nowMs} />, {originWords(backup)}
          </>
        )}
        <span class="backup-name">{name}</span>
      </th>
      <td data-label="Holds">
        {holds === null ? "–" : [
          formatPlural(holds.threads, "thread"),
          formatPlural(holds.messages, "message"),
          holds.people === 1 ? "1 person" : `${holds.people} people`,
        ].join(", ")}
      </td>
      <td class="num" data-label="Size">{formatBytes(bytes)}</td>
      <td data-label="State">
        <State backup={backup} nowMs={nowMs} />
      </td>
      <td class="act">
        <div class="btn-row backup-acts">
          <a
            class="btn btn-small"
            href={`/api/backups/${id}/content`}
            download={name}
            aria-label={`Download ${name}`}
          >
            Download
          </a>
          <form method="post" action="/admin/backups">
            <input type="hidden" name="action" value="check" />
            <input type="hidden" name="id" value={id} />
            <button
              class="btn btn-small"
              type="submit"
              aria-label={`Check ${name}`}
            >
              Check
            </button>
          </form>
          <Confirm
            small
            label="Delete"
            what={`${name} is removed from the disk of the server. The store stays as it is.`}
          >
            <form method="post" action="/admin/backups">
              <input type="hidden" name="action" value="delete" />
              <input type="hidden" name="id" value={id} />
              <button class="btn btn-danger is-sure" type="submit">
                Delete backup
              </button>
            </form>
          </Confirm>
        </div>
      </td>
    </tr>
  );
}

function State(
  { backup: { holds, check, hasSameSecret }, nowMs }: {
    backup: Backup;
    nowMs: number;
  },
): VNode {
  const faults = check?.faults ?? [];
  if (holds === null || faults.length > 0) {
    return (
      <span class="status" data-state="bad">
        <Icon name="alert" />
        <span class="anywhere">{faults[0] ?? "No whole backup"}</span>
      </span>
    );
  }
  return (
    <>
      <span class="status" data-state="good">
        <Icon name="check" />
        <span>
          {check === null ? "Whole when made" : (
            <>
              Whole, read <Moment at={check.at} nowMs={nowMs} />
            </>
          )}
        </span>
      </span>
      {!hasSameSecret && (
        <span class="backup-name">Needs another secret than this server’s</span>
      )}
    </>
  );
}
