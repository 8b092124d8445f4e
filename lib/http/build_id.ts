/** Which build of the program this is. */
import { asset } from "fresh/runtime";

/** Fresh tells it in the addresses of files alone, under this name. */
const BUILD_PARAMETER = "__frsh_c";

/** Its id; null where the program runs without one. */
export function buildId(): string | null {
  const { searchParams } = new URL(asset("/"), "http://localhost");
  return searchParams.get(BUILD_PARAMETER);
}
