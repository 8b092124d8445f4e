/** Does a step, in a worker or in slices beside the requests of the process. */
import { Segment } from "@/lib/chat/search/segment.ts";
import { mergeSegments } from "@/lib/chat/search/segment_merge.ts";
import { Slices } from "@/lib/chat/search/slices.ts";
import { detectFormat } from "../parse/detect_format.ts";
import { profilePdf } from "../parse/read_pdf.ts";
import { chunkPdf, chunkPiece } from "./chunk_step.ts";
import { profilePiece } from "./profile_step.ts";
import type { Step, StepResult } from "./steps.ts";

/**
 * @throws {UnreadableDocument} for a document that no further attempt can read
 * @throws the signal's reason
 */
export async function doStep<S extends Step>(
  step: S,
  signal?: AbortSignal,
): Promise<StepResult<S>> {
  const result = await dispatch(step, new Slices(signal));
  // The compiler cannot narrow a conditional type by the switch below.
  return result as StepResult<S>;
}

async function dispatch(
  step: Step,
  slices: Slices,
): Promise<StepResult<Step>> {
  switch (step.type) {
    case "detect":
      return detectFormat(step.head, step.name);
    case "profile":
      return await profilePiece(step, slices);
    case "pdf-profile":
      return await profilePdf(step.bytes);
    case "chunk":
      return await chunkPiece(step, slices);
    case "pdf-chunk":
      return await chunkPdf(step, slices);
    case "merge":
      return await mergeSegments(
        step.segments.map((bytes) => new Segment(bytes)),
        step.isWhole,
        slices,
      );
  }
}
