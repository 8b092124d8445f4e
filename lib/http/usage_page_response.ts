/** Answers with a page of usage, and remembers which span of time it showed. */
import { type Context, page } from "fresh";
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import type { State } from "@/utils.ts";
import { loadUsagePage } from "./usage_page.ts";
import { readUsageChoice } from "./usage_page_choice.ts";
import { mayGroupBy } from "./usage_page_reads.ts";
import { readCookie } from "./read_cookie.ts";
import { loadPlaces } from "./viewer.ts";
import { viewerZone } from "./viewer_zone.ts";

const RANGE_COOKIE = "freshet_usage_range";
/** How long the span is remembered: browsers allow 400 days at most. */
const KEPT_SECONDS = 400 * 24 * 60 * 60;

/** What a page of usage has, and headers that keep the viewer's choice. */
export async function usagePage(
  { state, req, url }: Context<State>,
  path: UsageChoice["path"],
) {
  const read = readUsageChoice(url, path, {
    timeZone: viewerZone(req).timeZone,
    range: readCookie(req, RANGE_COOKIE),
  });
  const choice: UsageChoice = mayGroupBy(path, read.groupBy)
    ? read
    : { ...read, groupBy: "model" };
  const [places, view] = await Promise.all([
    loadPlaces(state),
    loadUsagePage(state, choice, req.signal),
  ]);
  const headers = new Headers({ "cache-control": "no-store" });
  if (url.searchParams.has("range") && choice.range !== "custom") {
    const isSecure = state.client.protocol === "https";
    headers.append(
      "set-cookie",
      `${RANGE_COOKIE}=${choice.range}; Path=/; Max-Age=${KEPT_SECONDS}; SameSite=Lax; HttpOnly${
        isSecure ? "; Secure" : ""
      }`,
    );
  }
  const { workspace, user } = state.caller;
  const active = state.services.liveNow
    .activeHere(workspace, path === "/usage" ? user : null);
  return page({ ...places, view, active }, { headers });
}
