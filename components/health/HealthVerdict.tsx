import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { HealthNow } from "@/lib/shared/wire.ts";

/** Whether the server is well, and if not, what is the matter and what to do about it. */
export function HealthVerdict(
  { level, findings }: Pick<HealthNow, "level" | "findings">,
): VNode {
  if (level === "good") {
    return (
      <div class="callout health-verdict" data-kind="good">
        <Icon name="check" />
        <p>
          <strong>All is well.</strong> Nothing is beyond its limit.
        </p>
      </div>
    );
  }
  return (
    <section aria-labelledby="findings">
      <h2 class="sr" id="findings">
        {formatPlural(findings.length, "thing")} to look at
      </h2>
      <ul class="health-findings">
        {findings.map((finding) => (
          <li
            key={finding.id}
            id={`finding-${finding.id}`}
            class="callout"
            data-kind={finding.level === "critical" ? "bad" : "warn"}
          >
            <Icon name="alert" />
            <p>
              <strong>
                {finding.level === "critical" ? "Act now: " : "Look: "}
                {finding.title}.
              </strong>{" "}
              {finding.next}
            </p>
            {finding.href !== null && (
              <div class="btn-row">
                <a class="btn btn-small" href={finding.href}>
                  See more
                  <span class="sr">: {finding.title}</span>
                </a>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
