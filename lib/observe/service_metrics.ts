/** What the parts of the process count themselves, read when somebody asks for the metrics. */
import type { Sessions } from "@/lib/auth/sessions.ts";
import type { SignIn } from "@/lib/auth/sign_in.ts";
import type { Answers } from "@/lib/cache/answers.ts";
import type { Admission } from "@/lib/http/admission.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Limits } from "@/lib/limits/limits.ts";
import type { Routing } from "@/lib/llm/routing/routing.ts";
import { measureCache } from "./cache_metrics.ts";
import { measureLane } from "./lane_metrics.ts";
import { measureLimits } from "./limit_metrics.ts";
import type { Metrics } from "./metrics.ts";
import type { Observer } from "./observer.ts";
import { measureProcess } from "./process_metrics.ts";
import { measureProviders } from "./provider_metrics.ts";
import type { RequestLog } from "./request_log.ts";
import { measureSignIns } from "./sign_in_metrics.ts";

export interface MeasuredParts {
  sessions: Pick<Sessions, "begun">;
  signIn: Pick<SignIn, "refused">;
  metrics: Metrics;
  observer: Pick<Observer, "open" | "followers">;
  requestLog: Pick<RequestLog, "written" | "dropped">;
  admission: Pick<Admission, "inProgress" | "refused">;
  runs: { readonly executing: number };
  limits: Pick<Limits, "refused">;
  models: { readonly openSockets: number; readonly routing: Routing };
  answers: Pick<Answers, "report">;
  owner: Pick<Owner, "incarnation" | "subscribe">;
}

/** Registers them all. @throws {TypeError} when it was done before */
export function measureServices(parts: MeasuredParts): void {
  measureProcess(parts.metrics);
  measureRequests(parts);
  measureProviders(parts);
  measureCache(parts);
  measureLane(parts);
  measureSignIns(parts);
  measureLimits(parts);
}

function measureRequests(
  { metrics, observer, requestLog, admission, runs }: MeasuredParts,
): void {
  metrics.gauge(
    "http_requests_in_flight",
    "Requests whose responses have not ended",
    () => admission.inProgress,
  );
  metrics.readCounter(
    "freshet_requests_refused_total",
    "Requests that were refused because the process takes no more",
    () => admission.refused,
  );
  metrics.gauge(
    "freshet_requests_open",
    "Requests that have not been answered, or whose run goes on",
    () => observer.open.size,
  );
  metrics.gauge(
    "streams_active",
    "Runs that this process executes",
    () => runs.executing,
  );
  metrics.gauge(
    "freshet_followers",
    "Event streams that clients read",
    () => observer.followers,
  );
  metrics.readCounter(
    "freshet_request_records_total",
    "Records of requests that were written, or dropped because the store was busy",
    () => [
      [["written"], requestLog.written],
      [["dropped"], requestLog.dropped],
    ],
    ["outcome"],
  );
}
