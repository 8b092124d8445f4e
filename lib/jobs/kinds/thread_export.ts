/** `thread.export`: one of the asker's threads as a file, JSON or Markdown. */
import * as z from "zod";
import {
  encoded,
  type ThreadExport,
} from "@/lib/personal_data/thread_export.ts";
import { markdownName } from "@/lib/personal_data/thread_markdown.ts";
import { type JobKind, JobRefusal } from "../job_kind.ts";
import { exportFile, type ExportFileParts } from "./export_file.ts";

const inputSchema = z.strictObject({
  threadId: z.string().regex(/^thr_[0-9A-Za-z]{22}$/, {
    error: "must be the id of a thread",
  }),
  format: z.enum(["json", "markdown"]).default("markdown"),
});

type Input = z.output<typeof inputSchema>;

const MINUTE_MS = 60_000;
const NAMES = { json: "JSON", markdown: "Markdown" } as const;
const TYPES = {
  json: "application/json",
  markdown: "text/markdown; charset=utf-8",
} as const;

export function threadExport(
  threads: ThreadExport,
  parts: ExportFileParts,
): JobKind<Input> {
  return {
    kind: "thread.export",
    input: inputSchema,
    describe: ({ format }) => `Export of a thread as ${NAMES[format]}`,
    notifies: true,
    isPublic: true,
    priority: "normal",
    maxAttempts: 3,
    deadlineMs: 15 * MINUTE_MS,
    perProcess: 4,
    perWorkspace: 2,
    async handle(context) {
      const { space, signal, input: { threadId, format } } = context;
      const thread = await threads.find(space, threadId, signal);
      if (thread === null) {
        throw new JobRefusal("The thread is gone, or a temporary one");
      }
      const texts = format === "json"
        ? threads.json(space, thread, signal)
        : threads.markdown(space, thread, signal);
      const name = markdownName(thread).slice("threads/".length);
      return await exportFile(parts, context, {
        name: format === "json" ? name.replace(/\.md$/, ".json") : name,
        mediaType: TYPES[format],
        bytes: ReadableStream.from(encoded(texts)),
        text: () => `“${thread.title.slice(0, 80)}” as ${NAMES[format]}.`,
      });
    },
  };
}
