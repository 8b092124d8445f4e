import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";

/** What each check of readiness is about. */
const CHECKS: Readonly<Record<string, string>> = {
  admission: "Takes requests in",
  storage: "Writes to the store",
  listener: "Accepts connections",
  accepting: "Stays up",
};

/** Whether the process that answers takes new work, check by check. */
export function HealthChecks(
  { checks }: Pick<HealthNow, "checks">,
): VNode {
  return (
    <ul class="health-checks">
      {checks.map(({ name, status, reason }) => (
        <li key={name}>
          <span
            class="status"
            data-state={status === "pass" ? "good" : "bad"}
          >
            <Icon name={status === "pass" ? "check" : "alert"} small />
            {CHECKS[name] ?? name}
          </span>
          {status === "fail" && <span class="soft">: {reason}</span>}
        </li>
      ))}
    </ul>
  );
}

/** What runs here. */
export function HealthVersions(
  { versions }: Pick<HealthReport, "versions">,
): VNode {
  return (
    <dl class="health-facts">
      {versions.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Every setting as it is in force. */
export function HealthSettings(
  { settings }: Pick<HealthReport, "settings">,
): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Settings">
      <table class="table health-settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">In force</th>
          </tr>
        </thead>
        <tbody>
          {settings.map(({ name, value, isSecret }) => (
            <tr key={name}>
              <th scope="row" class="mono">{name}</th>
              <td>
                {value === "not set"
                  ? <span class="faint">not set</span>
                  : isSecret
                  ? <span class="soft">set, not shown</span>
                  : <span class="mono">{value}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
