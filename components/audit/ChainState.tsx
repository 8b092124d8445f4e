import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import type { AuditCheck } from "@/lib/shared/wire.ts";

const FAULTS = {
  changed: "is not as it was written",
  missing: "is not there any more",
  moved: "is not in its place",
  added: "was added behind the end",
} as const;

export interface ChainStateProps {
  /** The last check; null: there was none. */
  check: AuditCheck | null;
  /** Place of the newest entry. */
  lastSeq: number;
  nowMs: number;
}

/** Whether the log is whole, as the last check found it, and a button to check again. */
export function ChainState(
  { check, lastSeq, nowMs }: ChainStateProps,
): VNode {
  return (
    <form class="audit-chain" method="post" action="/admin/audit">
      <div
        class="callout"
        data-kind={check === null ? "info" : check.ok ? "good" : "bad"}
        role="status"
      >
        <Icon name={check === null ? "clock" : check.ok ? "check" : "alert"} />
        <p>
          <Verdict check={check} lastSeq={lastSeq} nowMs={nowMs} />
        </p>
      </div>
      <button class="btn btn-small" type="submit" name="action" value="verify">
        Check the log
      </button>
    </form>
  );
}

function Verdict({ check, lastSeq, nowMs }: ChainStateProps): VNode {
  if (check === null) {
    return (
      <>
        <strong>Not checked yet.</strong>{" "}
        Each entry carries the hash of the one before, so a check finds what was
        changed, removed or reordered.
      </>
    );
  }
  const when = <Moment at={check.checkedAt} nowMs={nowMs} />;
  if (check.fault !== null) {
    const { seq, kind } = check.fault;
    return (
      <>
        <strong>The log is broken at entry {formatCount(seq)}</strong>, which
        {" "}
        {FAULTS[kind]}. It is whole up to entry{" "}
        {formatCount(check.verifiedTo)}. Checked {when}.
      </>
    );
  }
  const rest = lastSeq - check.verifiedTo;
  return (
    <>
      <strong>Verified up to entry {formatCount(check.verifiedTo)}</strong>,
      {" "}
      {when}.{rest > 0 && ` ${formatCount(rest)} newer.`}
    </>
  );
}
