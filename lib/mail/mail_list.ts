/** The mails of a workspace as the API tells of them. */
import { AppError } from "@/lib/errors.ts";
import type { Mail, Page } from "@/lib/shared/wire.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { MailRecord, MailStore } from "./mail_store.ts";

/** Newest first. @throws {AppError} 400 `invalid_request` for a cursor that no page gave */
export async function listMails(
  mails: Pick<MailStore, "page">,
  workspace: string,
  { limit, cursor }: PageQuery,
  signal?: AbortSignal,
): Promise<Page<Mail>> {
  const before = cursor === null ? null : readCursor(cursor);
  const records = await mails.page(workspace, before, limit, signal);
  const last = records.at(-1);
  const isFull = records.length === limit && last !== undefined;
  return {
    items: records.map(mailView),
    nextCursor: isFull ? `${last.madeAt}.${last.id}` : null,
  };
}

function mailView(record: MailRecord): Mail {
  const { id, kind, to, subject, state, attempts, error } = record;
  return {
    id,
    kind,
    to,
    subject,
    state,
    attempts,
    error,
    createdAt: new Date(record.madeAt).toISOString(),
    dueAt: moment(state === "queued" ? record.dueAt : null),
    sentAt: moment(record.sentAt),
  };
}

const moment = (at: number | null) =>
  at === null ? null : new Date(at).toISOString();

function readCursor(cursor: string): { madeAtMs: number; mail: string } {
  const match = /^(\d{1,15})\.([A-Za-z0-9._-]{1,100})$/.exec(cursor);
  if (match !== null) return { madeAtMs: Number(match[1]), mail: match[2] };
  const message = "must be the nextCursor of an earlier page";
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `cursor ${message}`,
    errors: [{ path: "cursor", message }],
  });
}
