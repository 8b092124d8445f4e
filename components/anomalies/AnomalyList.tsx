import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type {
  Anomaly,
  AnomalyList as List,
  AnomalyPart,
} from "@/lib/shared/wire.ts";

/** What in the usage of a workspace is not as usual, with the reason, and what that is judged by. */
export function AnomalyList(
  { anomalies: { items, nextCursor, baseline }, isOlder, nowMs, href }: {
    anomalies: List;
    /** Whether it does not begin with the latest. */
    isOlder: boolean;
    nowMs: number;
    /** The page it is on, without a query. */
    href: string;
  },
): VNode {
  return (
    <>
      <p class="soft">
        {baseline === null
          ? "It is not known yet what is usual here: a week of usage is needed, and each night it is learnt anew."
          : (
            <>
              Each hour is compared with what is usual at that time of the day
              and week, of {formatPlural(baseline.series, "thing")}{" "}
              that are used here: keys, people, models and all together. Learnt
              {" "}
              <Moment at={baseline.fittedAt} nowMs={nowMs} /> (version{" "}
              {baseline.version}).
            </>
          )}
      </p>
      {items.length === 0
        ? (
          <div class="empty">
            <h3>{isOlder ? "Nothing older" : "Nothing out of the ordinary"}</h3>
            <p class="soft">
              {baseline === null
                ? "Once that is known, what is not as usual shows here, with the reason."
                : "What is not as usual shows here, with the reason; those who run the workspace are told."}
            </p>
          </div>
        )
        : (
          <div
            class="table-wrap mt-4"
            tabIndex={0}
            role="region"
            aria-label="Anomalies"
          >
            <table class="table table-stack">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col">Since</th>
                  <th scope="col">State</th>
                  <th scope="col" class="num">Score</th>
                  <th scope="col">
                    <span class="sr">Usage</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((anomaly) => (
                  <Line key={anomaly.id} anomaly={anomaly} nowMs={nowMs} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      <div class="btn-row mt-4">
        {isOlder && <a class="btn" href={`${href}#anomalies`}>Latest</a>}
        {nextCursor !== null && (
          <a
            class="btn"
            href={`${href}?anomalies=${
              encodeURIComponent(nextCursor)
            }#anomalies`}
          >
            Older
          </a>
        )}
      </div>
    </>
  );
}

function Line(
  { anomaly, nowMs }: { anomaly: Anomaly; nowMs: number },
): VNode {
  const { id, direction, reason, also, startedAt, endedAt, score, href } =
    anomaly;
  const others = also.filter(({ dimension }) => dimension !== "all");
  return (
    <tr id={id}>
      <th scope="row" class="anywhere">
        {direction === "above" ? "More" : "Less"} than usual: {nameOf(anomaly)}
        <span class="anomaly-reason">
          {reason}.{others.length > 0 &&
            ` Seen too in ${others.map(nameOf).join(", ")}.`}
        </span>
      </th>
      <td data-label="Since">
        <Moment at={startedAt} nowMs={nowMs} />
      </td>
      <td data-label="State">
        {endedAt === null
          ? (
            <span class="status" data-state="warn">
              <Icon name="alert" small />
              goes on
            </span>
          )
          : (
            <>
              over <Moment at={endedAt} nowMs={nowMs} />
            </>
          )}
      </td>
      <td class="num" data-label="Score">{score}</td>
      <td class="act">
        <a href={href}>
          See the usage <span class="sr">of {nameOf(anomaly)}</span>
        </a>
      </td>
    </tr>
  );
}

function nameOf({ dimension, key, label }: AnomalyPart): string {
  const name = label ?? key;
  switch (dimension) {
    case "key":
      return `key “${name}”`;
    case "user":
      return name;
    case "model":
      return `model ${name}`;
    case "all":
      return "the workspace";
  }
}
