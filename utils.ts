import { createDefine } from "fresh";
import type { Services } from "@/lib/services.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import type { Appearance } from "@/lib/shared/appearance.ts";

/** What every handler, page and layout finds in `ctx.state`. */
export interface State {
  services: Services;
  /** `req_` id of this request; also in `x-request-id` and in each log line. */
  requestId: string;
  /** Logger that carries the request id. */
  log: Logger;
  /** What the request is at, and what it began. */
  trace: RequestTrace;
  /** Id of the workspace the request acts in. */
  workspace: string;
  /** How the viewer wants pages to look, from cookies. */
  appearance: Appearance;
}

export const define = createDefine<State>();
