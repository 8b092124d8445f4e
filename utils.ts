import { createDefine } from "fresh";
import type { Caller } from "@/lib/auth/caller.ts";
import type { Space } from "@/lib/shared/spaces.ts";
import type { ClientAddress } from "@/lib/http/client_address.ts";
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
  /** Address, protocol and host as the client has them, through trusted proxies. */
  client: ClientAddress;
  /** Origin under which people reach this server; null: neither a setting nor the request names one. */
  origin: string | null;
  /** Who makes the request; null: nobody who is known here. */
  visitor: Caller | null;
  /** The same, on every route that is not open to anyone. */
  caller: Caller;
  /** Where the rows are that the request is about: the caller's own, under `/v1` those of programs. */
  space: Space;
  /** How the viewer wants pages to look, from cookies. */
  appearance: Appearance;
}

export const define = createDefine<State>();
