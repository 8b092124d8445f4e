import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useClock } from "@/components/chat/use_clock.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { groupByAge, type ThreadRow } from "@/lib/shared/chat/thread_rows.ts";

export interface ThreadListProps {
  rows: Signal<ThreadRow[]>;
  current: Signal<string | null>;
  clock: Clock;
}

/** Threads in the navigation, by age; a running one has the waterline. */
export default function ThreadList(props: ThreadListProps): VNode {
  const { nowMs, timeZone } = useClock(props.clock);
  const groups = groupByAge(props.rows.value, new Date(nowMs), timeZone);
  if (groups.length === 0) {
    return (
      <>
        <h2 class="side-title">Threads</h2>
        <p class="hint side-hint">Your threads will be listed here.</p>
      </>
    );
  }
  return (
    <>
      {groups.map(({ title, rows }) => (
        <section key={title} aria-label={title}>
          <h2 class="side-title">{title}</h2>
          {rows.map((row) => (
            <Row
              key={row.id}
              row={row}
              isCurrent={row.id === props.current.value}
            />
          ))}
        </section>
      ))}
    </>
  );
}

function Row(
  { row, isCurrent }: { row: ThreadRow; isCurrent: boolean },
): VNode {
  return (
    <a
      class="row"
      href={`/c/${row.id}`}
      aria-current={isCurrent ? "page" : undefined}
      data-state={row.isRunning ? "running" : undefined}
    >
      <span class="cut">{row.title}</span>
      {row.isRunning && (
        <>
          <span class="sr">writing</span>
          <span class="row-line"></span>
        </>
      )}
    </a>
  );
}
