/** `search.rebuild`: makes the search index anew, one's own or that of everybody in a workspace. */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import { rebuildIndex, type RebuildParts } from "@/lib/chat/search/rebuild.ts";
import type { ScanStore } from "@/lib/chat/search/scan_store.ts";
import type {
  JobContext,
  JobKind,
  JobNeeds,
  JobOutcome,
} from "@/lib/jobs/job_kind.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";

const inputSchema = z.strictObject({
  scope: z.enum(["own", "workspace"], {
    error: "must be own or workspace",
  }).default("own"),
});

type RebuildInput = z.output<typeof inputSchema>;

const MINUTE_MS = 60_000;

export interface SearchRebuildParts extends RebuildParts {
  scan: ScanStore;
  find: FindStanding;
}

export class SearchRebuild implements JobKind<RebuildInput> {
  readonly kind = "search.rebuild";
  readonly input = inputSchema;
  readonly notifies = true;
  readonly isPublic = true;
  readonly priority = "bulk";
  readonly maxAttempts = 3;
  readonly deadlineMs = 120 * MINUTE_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: SearchRebuildParts;

  constructor(parts: SearchRebuildParts) {
    this.#parts = parts;
  }

  needsFor({ scope }: RebuildInput): JobNeeds | undefined {
    return scope === "own" ? undefined : "admin";
  }

  describe({ scope }: RebuildInput): string {
    return scope === "own"
      ? "New search index"
      : "New search index for everybody in the workspace";
  }

  async handle(context: JobContext<RebuildInput>): Promise<JobOutcome> {
    const { input, signal, progress } = context;
    const need = this.needsFor(input) ?? "member";
    const caller = await jobCaller(context, need, this.#parts.find);
    const spaces = input.scope === "own" && caller !== null
      ? [`${caller.workspace}/${caller.user}`]
      : await this.#spaces(workspaceOf(context.space), signal);
    let threads = 0;
    for (const [place, space] of spaces.entries()) {
      const before = threads;
      threads += await rebuildIndex(this.#parts, space, signal, (count) => {
        // How many threads a space has is not known before.
        const within = 1 - 1 / (1 + count / 100);
        progress(
          (place + within) / spaces.length,
          `${(before + count).toLocaleString("en-US")} threads`,
        );
      });
    }
    const words = threads === 1
      ? "1 thread"
      : `${threads.toLocaleString("en-US")} threads`;
    return { result: { text: `Indexed ${words}.`, threads } };
  }

  /** The spaces of everybody in a workspace. */
  async #spaces(workspace: string, signal: AbortSignal): Promise<string[]> {
    const spaces: string[] = [];
    let space: string | null = workspace;
    while (true) {
      space = await this.#parts.scan.spaceAfter(space, signal);
      if (space === null || workspaceOf(space) !== workspace) return spaces;
      if (userOf(space) !== null) spaces.push(space);
    }
  }
}
