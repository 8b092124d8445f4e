/** `prices.import`: takes the prices of a file that was sent or that stands at an address. All of it, or nothing. */
import * as z from "zod";
import {
  auditCaller,
  type FindStanding,
  jobCaller,
} from "@/lib/auth/job_caller.ts";
import type { PriceSettings as PriceEntry } from "@/lib/config/file.ts";
import { AppError } from "@/lib/errors.ts";
import {
  type JobContext,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import {
  MAX_PRICE_FILE_CHARACTERS,
  PriceFileError,
  readPriceFile,
} from "@/lib/limits/price_file.ts";
import type { PriceSettings } from "@/lib/limits/price_settings.ts";
import { guardedFetch, type OutgoingOptions } from "@/lib/net/guarded_fetch.ts";

/** Longest text of a file within the job itself; a longer one is fetched. */
const MAX_TEXT_CHARACTERS = 20_000;
const MAX_URL_CHARACTERS = 2_000;

const inputSchema = z.union([
  z.strictObject({
    text: z.string().min(1).max(MAX_TEXT_CHARACTERS, {
      error:
        `must have at most ${MAX_TEXT_CHARACTERS} characters; give the address of a larger file as url`,
    }),
  }),
  z.strictObject({
    url: z.url({ protocol: /^https?$/ }).max(MAX_URL_CHARACTERS),
  }),
], { error: "must have either text or url" });

type ImportInput = z.output<typeof inputSchema>;

/** Faults that the message of a refusal names. */
const MOST_FAULTS = 20;
const FETCH_MS = 20_000;

export interface PricesImportParts {
  prices: Pick<PriceSettings, "all" | "set">;
  find: FindStanding;
  outgoing: Pick<OutgoingOptions, "allow">;
}

export class PricesImport implements JobKind<ImportInput> {
  readonly kind = "prices.import";
  readonly input = inputSchema;
  readonly notifies = true;
  readonly isPublic = true;
  readonly needs = "operator";
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 60_000;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: PricesImportParts;

  constructor(parts: PricesImportParts) {
    this.#parts = parts;
  }

  describe(input: ImportInput): string {
    return "url" in input
      ? `Prices from ${hostOf(input.url)}`
      : "Prices from a file";
  }

  async handle(context: JobContext<ImportInput>): Promise<JobOutcome> {
    const { input, askedBy, signal, progress } = context;
    const caller = await jobCaller(context, "operator", this.#parts.find);
    if (caller === null) throw new JobRefusal("Nobody asked for it");
    const text = "url" in input
      ? await this.#fetch(input.url, signal)
      : input.text;
    progress(0.5, "Checks the prices");
    const imported = read(text);
    const { added, changed } = await this.#set(
      imported,
      auditCaller(caller, askedBy),
    );
    return {
      result: {
        href: "/admin/prices",
        text:
          `Took ${imported.length} prices: ${added} new, ${changed} changed, ${
            imported.length - added - changed
          } as before.`,
        added,
        changed,
      },
    };
  }

  /** Those of the file take the place of others for the same model and day; all others stay. */
  async #set(
    imported: readonly PriceEntry[],
    caller: Parameters<PriceSettings["set"]>[0],
  ): Promise<{ added: number; changed: number }> {
    const { prices } = this.#parts;
    const { prices: all, version } = await prices.all();
    const there = new Map(all.map((entry) => [placeOf(entry), entry]));
    const news = imported.filter((entry) =>
      !isSame(entry, there.get(placeOf(entry)))
    );
    const added = news.filter((entry) => !there.has(placeOf(entry))).length;
    if (news.length === 0) return { added: 0, changed: 0 };
    const own = new Set(news.map(placeOf));
    const others = all.filter((entry) =>
      entry.source === "edited" && !own.has(placeOf(entry))
    ).map(({ source: _, ...entry }) => entry);
    try {
      await prices.set(caller, [...others, ...news], (now) => {
        if (now !== version) throw new Error("Somebody else has set prices");
      });
    } catch (error) {
      if (error instanceof AppError && error.status === 413) {
        throw new JobRefusal(error.message);
      }
      throw error;
    }
    return { added, changed: news.length - added };
  }

  async #fetch(url: string, signal: AbortSignal): Promise<string> {
    let response: Response;
    try {
      response = await guardedFetch(url, {
        signal,
        headers: { accept: "application/json, text/csv, text/plain" },
      }, {
        ...this.#parts.outgoing,
        maxBytes: 2 * MAX_PRICE_FILE_CHARACTERS,
        timeoutMs: FETCH_MS,
      });
      if (response.ok) return await response.text();
    } catch (error) {
      // An address that may not be asked is not asked again.
      if (error instanceof AppError && error.status < 500) {
        throw new JobRefusal(error.message);
      }
      throw error;
    }
    await response.body?.cancel();
    const why = `The address answered ${response.status}`;
    throw response.status >= 500 ? new Error(why) : new JobRefusal(why);
  }
}

/** @throws {JobRefusal} that names the lines which are wrong */
function read(text: string): PriceEntry[] {
  try {
    return readPriceFile(text);
  } catch (error) {
    if (!(error instanceof PriceFileError)) throw error;
    const { faults, message } = error;
    const named = faults.slice(0, MOST_FAULTS)
      .map(({ line, message }) => `line ${line}: ${message}`);
    const more = faults.length - named.length;
    if (more > 0) named.push(`and ${more} more`);
    throw new JobRefusal(
      named.length === 0 ? message : `${message} ${named.join("; ")}`,
    );
  }
}

const placeOf = ({ model, from }: PriceEntry) => `${from} ${model}`;

function isSame(one: PriceEntry, other: PriceEntry | undefined): boolean {
  return other !== undefined &&
    one.inputPerMillionUsd === other.inputPerMillionUsd &&
    one.outputPerMillionUsd === other.outputPerMillionUsd &&
    one.cachedInputPerMillionUsd === other.cachedInputPerMillionUsd;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
