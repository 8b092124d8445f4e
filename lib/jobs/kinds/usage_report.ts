/** `usage.report`: adds up what a workspace has used in some days, and mails it. */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import {
  type JobContext,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import type { Audience, Recipient } from "@/lib/mail/mail_consumer.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import {
  REPORT_LINES,
  type ReportFacts,
  type ReportLine,
  usageReportMail,
} from "@/lib/mail/usage_report_mail.ts";
import { isTimeZone } from "@/lib/shared/due.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import {
  daysOf,
  isDay,
  REPORT_RANGES,
  type ReportDays,
  spanOf,
} from "@/lib/usage/report_range.ts";
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import { readUsage, type UsageGroup } from "@/lib/usage/usage_report.ts";

const day = z.string().refine(isDay, {
  error: "must be a day such as 2026-11-21",
});

export const usageReportSchema = z.strictObject({
  range: z.enum(REPORT_RANGES, {
    error: `must be one of ${REPORT_RANGES.join(", ")}`,
  }).optional(),
  /** First and last day, in place of a range. */
  from: day.optional(),
  to: day.optional(),
  timeZone: z.string().refine(isTimeZone, {
    error: "must be the name of a time zone, such as Europe/Berlin or UTC",
  }).default("UTC"),
  recipients: z.enum(["me", "admins"], { error: "must be me or admins" })
    .default("me"),
}).superRefine(({ range, from, to }, context) => {
  const hasDays = from !== undefined || to !== undefined;
  const message = range !== undefined && hasDays
    ? "takes either a range or days, not both"
    : hasDays && (from === undefined || to === undefined)
    ? "takes both a first and a last day"
    : hasDays && (to! < from! || Date.parse(to!) - Date.parse(from!) > SPAN_MS)
    ? `takes a last day that is not before the first one, and at most ${MOST_DAYS} days`
    : null;
  if (message === null) return;
  context.addIssue({ code: "custom", path: ["from"], message });
});

type ReportInput = z.output<typeof usageReportSchema>;

const MOST_DAYS = 400;
const SPAN_MS = MOST_DAYS * 24 * 60 * 60 * 1_000;
const MINUTE_MS = 60_000;

export interface UsageReportParts {
  usage: Pick<UsageQuery, "ask">;
  /** Adds up what this process has just written. */
  addUp: () => Promise<void>;
  mailer: Pick<Mailer, "isOn" | "send">;
  audience: Audience;
  find: FindStanding;
  /** Milliseconds since 1970 UTC. */
  now: () => number;
}

export class UsageReportKind implements JobKind<ReportInput> {
  readonly kind = "usage.report";
  readonly input = usageReportSchema;
  readonly isPublic = true;
  readonly needs = "admin";
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 15 * MINUTE_MS;
  readonly perProcess = 2;
  readonly perWorkspace = 1;
  readonly #parts: UsageReportParts;

  constructor(parts: UsageReportParts) {
    this.#parts = parts;
  }

  describe({ range, from, to }: ReportInput): string {
    const days = from === undefined
      ? (range ?? DEFAULT_RANGE).replaceAll("-", " ")
      : `${from} to ${to}`;
    return `Usage report by mail, ${days}`;
  }

  async handle(context: JobContext<ReportInput>): Promise<JobOutcome> {
    const { id, space, input, signal, progress } = context;
    const { mailer, find } = this.#parts;
    const caller = await jobCaller(context, "admin", find);
    const workspace = workspaceOf(space);
    if (!mailer.isOn) {
      throw new JobRefusal(
        "No mail can be sent: set SMTP_URL and MAIL_FROM",
      );
    }
    const recipients = await this.#recipients(
      workspace,
      input.recipients === "me" ? caller?.user ?? null : null,
      signal,
    );
    const facts = await this.#facts(workspace, input, signal, progress);
    const content = usageReportMail(facts);
    for (const { id: user, email } of recipients) {
      // The id is the same over all attempts, so nobody gets a report twice.
      await mailer.send({
        ...content,
        id: `usage-report.${id}.${user}`,
        workspace,
        to: email,
      }, signal);
    }
    const people = recipients.length === 1
      ? "1 person"
      : `${recipients.length} people`;
    return {
      result: {
        text: `Mailed the report of ${facts.from} to ${facts.to} to ${people}.`,
        from: facts.from,
        to: facts.to,
        requests: facts.totals.requests,
        costMicroUsd: facts.totals.costMicroUsd,
        recipients: recipients.length,
      },
    };
  }

  /** @throws {JobRefusal} when nobody has an address */
  async #recipients(
    workspace: string,
    user: string | null,
    signal: AbortSignal,
  ): Promise<Recipient[]> {
    const { audience } = this.#parts;
    const own = user === null ? null : await audience.user(user);
    const found = user === null
      ? await audience.admins(workspace, signal)
      : own === null
      ? []
      : [own];
    if (found.length > 0) return found;
    throw new JobRefusal(
      user === null
        ? "No admin of the workspace has a mail address"
        : "Whoever asked for it has no mail address",
    );
  }

  async #facts(
    workspace: string,
    input: ReportInput,
    signal: AbortSignal,
    progress: JobContext<unknown>["progress"],
  ): Promise<ReportFacts> {
    const { usage, audience, addUp, now } = this.#parts;
    const days = daysOfInput(input, now());
    progress(0.1, "Adds up what was used");
    await addUp();
    const { totals, before, models, people, timeZone } = await readUsage(
      usage,
      workspace,
      { ...spanOf(days, input.timeZone), timeZone: input.timeZone },
      signal,
    );
    progress(0.8, "Writes the report");
    const [name, lines] = await Promise.all([
      audience.workspaceName(workspace),
      this.#named(workspace, people.slice(0, REPORT_LINES)),
    ]);
    return {
      workspace: name,
      ...days,
      timeZone,
      totals,
      before,
      models: models.slice(0, REPORT_LINES).map((group) =>
        lineOf(group, group.key)
      ),
      people: lines,
      link: audience.page(usagePage(days, timeZone)),
    };
  }

  async #named(
    workspace: string,
    groups: readonly UsageGroup[],
  ): Promise<ReportLine[]> {
    const { audience } = this.#parts;
    return await Promise.all(groups.map(async (group) =>
      lineOf(
        group,
        group.key.startsWith("usr_")
          ? await audience.subjectWords(workspace, `user:${group.key}`)
          : "Nobody in particular",
      )
    ));
  }
}

const DEFAULT_RANGE = "last-7-days";

function daysOfInput(
  { range = DEFAULT_RANGE, from, to, timeZone }: ReportInput,
  nowMs: number,
): ReportDays {
  return from !== undefined && to !== undefined
    ? { from, to }
    : daysOf(range, nowMs, timeZone);
}

/** The page that shows the same days. */
function usagePage({ from, to }: ReportDays, timeZone: string): string {
  const query = new URLSearchParams({ range: "custom", from, to, timeZone });
  return `/admin/usage?${query}`;
}

function lineOf(
  { requests, inputTokens, outputTokens, costMicroUsd, unpricedRequests }:
    UsageGroup,
  name: string,
): ReportLine {
  return {
    name,
    requests,
    tokens: inputTokens + outputTokens,
    costMicroUsd,
    unpriced: unpricedRequests,
  };
}
