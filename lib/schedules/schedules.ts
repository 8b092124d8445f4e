/** Schedules, as the routes use them. */
import { beforeId } from "@/lib/chat/id_cursor.ts";
import type { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type {
  Job,
  Page,
  Schedule,
  SchedulePreview,
  ScheduleRun,
} from "@/lib/shared/wire.ts";
import { CronError, readCron } from "./cron_text.ts";
import { cronTimes, isZoneName } from "./cron_times.ts";
import { cronWords } from "./cron_words.ts";
import { type Firing, jobOf } from "./firing.ts";
import type { NewSchedule, SchedulePatch } from "./schedule_input.ts";
import { isProgramSchedule, type ScheduleTarget } from "./schedule_record.ts";
import type { LoadedSchedule, ScheduleStore } from "./schedule_store.ts";
import {
  changedRecord,
  isDueNow,
  newRecord,
  verbOf,
} from "./schedule_change.ts";
import { NEXT_TIMES, ScheduleView } from "./schedule_view.ts";

export interface SchedulesParts {
  store: ScheduleStore;
  firing: Firing;
  jobs: Jobs;
  jobKinds: JobKinds;
  requests: IdempotencyStore;
  projects: {
    findMany(space: string, ids: string[]): Promise<{ id: string }[]>;
  };
  view: ScheduleView;
  /** Something has changed that is due at another time than before. */
  changed: () => void;
}

/** Decides whether a change may be made to this version; throws when not. */
export type AcceptVersion = (version: number) => void;

/** Schedules that one space may have. */
const MOST_SCHEDULES = 200;
/** Of what somebody gave as a time zone, in UTF-16 code units. */
const MAX_SHOWN_CHARACTERS = 60;

export class Schedules {
  readonly #parts: SchedulesParts;

  constructor(parts: SchedulesParts) {
    this.#parts = parts;
  }

  /** When a cron text is due. @throws {AppError} 400 `invalid_request` that says what is wrong with it */
  preview(cron: string, timeZone: string): SchedulePreview {
    if (!isZoneName(timeZone)) {
      throw invalid(
        "timeZone",
        `“${
          timeZone.slice(0, MAX_SHOWN_CHARACTERS)
        }” is no time zone; want a name such as Europe/Berlin or UTC.`,
      );
    }
    try {
      const times = cronTimes(cron, timeZone);
      const nowMs = this.#parts.store.clock.now();
      return {
        words: cronWords(readCron(cron)),
        timeZone,
        nextTimes: times.upcoming(nowMs, NEXT_TIMES)
          .map((at) => new Date(at).toISOString()),
      };
    } catch (error) {
      if (!(error instanceof CronError)) throw error;
      throw invalid("cron", error.message);
    }
  }

  /**
   * Makes a schedule.
   * @param space whose it is: their rights count when it is due
   * @param idempotencyKey a repetition with it gives the schedule that is there
   * @throws {AppError} 400 `invalid_request` or `unknown_job_kind`, 404 `not_found` for an unknown project,
   *   409 `too_many_schedules`, 422 `idempotency_key_reused`
   */
  async create(
    space: string,
    { timeZone = serverZone(), paused, ...input }: NewSchedule,
    idempotencyKey: string | null = null,
  ): Promise<Schedule> {
    const { store, requests, view, changed } = this.#parts;
    const request = idempotencyKey === null ? null : {
      scope: "schedules",
      key: idempotencyKey,
      body: { ...input, timeZone, paused },
    };
    return await retryOnConflict(async () => {
      const claim = await requests.claim(space, request);
      if (claim.state === "made") return await this.require(space, claim.id);
      await this.#requireTarget(space, input.name, input.target);
      if (await store.count(space, MOST_SCHEDULES) >= MOST_SCHEDULES) {
        throw new AppError({
          status: 409,
          code: "too_many_schedules",
          message:
            `There are ${MOST_SCHEDULES} schedules already, which is the most. Delete one first.`,
        });
      }
      const id = newId("sch");
      const record = newRecord(
        { ...input, timeZone, id, space },
        store.clock.now(),
        paused,
      );
      if (!await store.create(record, claim.receipt(id))) return "conflict";
      changed();
      return await view.show(record);
    });
  }

  async has(space: string, id: string): Promise<boolean> {
    return isId("sch", id) && await this.#parts.store.load(space, id) !== null;
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, id: string): Promise<Schedule> {
    return await this.#parts.view.show((await this.#load(space, id)).record);
  }

  /** Newest first. */
  async list(
    space: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Schedule>> {
    const before = beforeId("sch", cursor);
    const { store, view } = this.#parts;
    const records = await store.list(space, before, limit + 1);
    const shown = records.slice(0, limit);
    return {
      items: await Promise.all(shown.map((record) => view.show(record))),
      nextCursor: records.length > limit ? shown[limit - 1].id : null,
    };
  }

  /**
   * Changes what the patch names. A time that has come before the change counts by what was there until then;
   * another cron text or time zone counts from the change on.
   * @throws {AppError} 404 `not_found`; as `create`; what `accept` throws
   */
  async update(
    space: string,
    id: string,
    patch: SchedulePatch,
    accept: AcceptVersion,
  ): Promise<Schedule> {
    const { store, firing, view, changed } = this.#parts;
    return await retryOnConflict(async () => {
      const old = await this.#load(space, id);
      accept(old.record.version);
      const { paused, ...fields } = patch;
      const isPausing = paused === true;
      if (!isPausing && isDueNow(old.record, store.clock.now())) {
        await firing.fire(old);
        return "conflict";
      }
      const { name, target } = { ...old.record, ...fields };
      if (fields.target !== undefined || fields.name !== undefined) {
        await this.#requireTarget(space, name, target);
      }
      const record = changedRecord(
        old.record,
        fields,
        paused,
        store.clock.now(),
      );
      const verb = verbOf(old.record, record);
      if (!await store.replace(old, record, verb)) return "conflict";
      changed();
      return await view.show(record);
    });
  }

  /** @throws {AppError} 404 `not_found`, 409 `program_schedule`; what `accept` throws */
  async delete(
    space: string,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    await retryOnConflict(async () => {
      const old = await this.#load(space, id);
      accept(old.record.version);
      if (isProgramSchedule(old.record)) {
        throw new AppError({
          status: 409,
          code: "program_schedule",
          message: "The program needs this schedule. Pause it instead.",
        });
      }
      return await this.#parts.store.delete(old) ? null : "conflict";
    });
  }

  /**
   * Runs a schedule now, paused or not; when it is due next stays as it is.
   * @throws {AppError} 404 `not_found`; as `Jobs.prepare`
   */
  async run(space: string, id: string): Promise<Job> {
    const { store, firing, jobs } = this.#parts;
    const job = await retryOnConflict(async () => {
      const loaded = await this.#load(space, id);
      const { after, made } = firing.manualRun(loaded.record);
      const ok = await store.replace(loaded, after, "ran", made);
      return ok ? made.job!.id : "conflict";
    });
    return await jobs.get(space, job);
  }

  /**
   * What became of a schedule, newest first.
   * @throws {AppError} 404 `not_found`, 400 `invalid_request` for a cursor that no page gave
   */
  async history(
    space: string,
    id: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<ScheduleRun>> {
    const { record } = await this.#load(space, id);
    const before = cursor === null ? null : Number(cursor);
    if (before !== null && !Number.isSafeInteger(before)) {
      throw invalid("cursor", "must be the nextCursor of an earlier page");
    }
    const { store, view } = this.#parts;
    const found = await store.history(record, before, limit + 1);
    const shown = found.slice(0, limit);
    return {
      items: await view.showRuns(space, shown),
      nextCursor: found.length > limit ? String(shown[limit - 1].at) : null,
    };
  }

  /**
   * Makes sure that the program has a schedule of its own in its first workspace.
   * @param id constant over all starts
   */
  async ensureProgram(
    id: string,
    { name, cron, target }: Pick<NewSchedule, "name" | "cron" | "target">,
  ): Promise<void> {
    const { store } = this.#parts;
    if (await store.load(FIRST_WORKSPACE, id) !== null) return;
    const record = newRecord({
      id,
      space: FIRST_WORKSPACE,
      name,
      cron,
      timeZone: "UTC",
      missed: "once",
      target,
    }, store.clock.now());
    // Nobody has done anything: it is as if it had always been there.
    await store.create(record, undefined, false);
  }

  async #load(space: string, id: string): Promise<LoadedSchedule> {
    const loaded = isId("sch", id)
      ? await this.#parts.store.load(space, id)
      : null;
    if (loaded === null) throw notFound("schedule");
    return loaded;
  }

  /** @throws {AppError} when nothing could come of it */
  async #requireTarget(
    space: string,
    name: string,
    target: ScheduleTarget,
  ): Promise<void> {
    const { jobs, jobKinds, projects } = this.#parts;
    if (target.type === "job") {
      if (!jobKinds.get(target.kind)?.isPublic && space.includes("/")) {
        throw new AppError({
          status: 400,
          code: "unknown_job_kind",
          message:
            `There is no kind of job “${target.kind}” that can be asked for.`,
          errors: [{
            path: "target.kind",
            message: "is none that can be asked for",
          }],
        });
      }
    } else if (target.projectId !== null) {
      const found = await projects.findMany(space, [target.projectId]);
      if (found.length === 0) throw notFound("project");
    }
    // Whatever its kind refuses is refused now, not at its first due time.
    const id = newId("sch");
    jobs.prepare(space, jobOf({ id, name, target }, Date.now()));
  }
}

/** IANA name of the time zone of this machine. */
function serverZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function invalid(path: string, message: string): AppError {
  return new AppError({
    status: 400,
    code: "invalid_request",
    message,
    errors: [{ path, message }],
  });
}
