import type { Sessions } from "@/lib/auth/sessions.ts";
import type { SignIn } from "@/lib/auth/sign_in.ts";
import type { Metrics, Sample } from "./metrics.ts";

/** Registers what is counted of people getting in. @throws {TypeError} when it was done before */
export function measureSignIns(
  { metrics, sessions, signIn }: {
    metrics: Metrics;
    sessions: Pick<Sessions, "begun">;
    signIn: Pick<SignIn, "refused">;
  },
): void {
  metrics.readCounter(
    "freshet_sessions_begun_total",
    "Sessions that began, by how their user got in",
    () =>
      [...sessions.begun].map(([method, count]): Sample => [[method], count]),
    ["method"],
  );
  metrics.readCounter(
    "freshet_sign_ins_refused_total",
    "Tries to sign in with a password that did not succeed, by what was wrong",
    () => [...signIn.refused].map(([code, count]): Sample => [[code], count]),
    ["reason"],
  );
}
