/** The header `Range` (RFC 9110, 14.2) and what it is answered with. */
import { AppError } from "@/lib/errors.ts";

/** From a byte on, up to but without another. */
export interface Range {
  from: number;
  to: number;
}

/**
 * The one range that a request asks for; null: all of it. What asks for several, or is nothing known, gets
 * all of it too.
 * @throws {AppError} 416 `range_not_satisfiable`
 */
export function readRange(header: string | null, length: number): Range | null {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (asked === null) return null;
  const [, first, last] = asked;
  if (first === "" && last === "") return null;
  const range = first === ""
    ? { from: Math.max(length - Number(last), 0), to: length }
    : {
      from: Number(first),
      to: last === "" ? length : Math.min(Number(last) + 1, length),
    };
  if (range.from < range.to) return range;
  if (last !== "" && first !== "" && Number(last) < Number(first)) return null;
  throw new AppError({
    status: 416,
    code: "range_not_satisfiable",
    message: `The file has ${length} bytes.`,
    headers: { "content-range": `bytes */${length}` },
  });
}
