import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatCount } from "@/lib/shared/format.ts";
import {
  type AdminJobsFilter,
  adminJobsQuery,
  formatSpan,
  type KindView,
  type Spread,
} from "@/lib/shared/jobs/admin_jobs.ts";

/** How each kind does, with the way to pause it. */
export function KindTable(
  { kinds, filter }: { kinds: readonly KindView[]; filter: AdminJobsFilter },
): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="By kind">
      <table class="table table-stack job-kinds">
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col" class="num">Waiting</th>
            <th scope="col" class="num">Running</th>
            <th scope="col" class="num">Done, {filter.hours} h</th>
            <th scope="col" class="num">Failed, {filter.hours} h</th>
            <th scope="col" class="num">Waited, 50 and 95 %</th>
            <th scope="col" class="num">Took, 50 and 95 %</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <Row
              key={kind.kind}
              of={kind}
              filter={filter}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { of: view, filter }: { of: KindView; filter: AdminJobsFilter },
): VNode {
  const { kind, isPaused } = view;
  return (
    <tr>
      <th scope="row">
        <a class="mono" href={`${adminJobsQuery({ ...filter, kind })}#list`}>
          {kind}
        </a>
        {isPaused && (
          <span class="status">
            <Icon name="pause" />
            Paused
          </span>
        )}
      </th>
      <td class="num" data-label="Waiting">{formatCount(view.waiting)}</td>
      <td class="num" data-label="Running">{formatCount(view.running)}</td>
      <td class="num" data-label="Done">{formatCount(view.completed)}</td>
      <td class="num" data-label="Failed">{formatCount(view.dead)}</td>
      <td class="num" data-label="Waited">{spreadText(view.waitedMs)}</td>
      <td class="num" data-label="Took">{spreadText(view.tookMs)}</td>
      <td class="act">
        <form method="post" action="/admin/jobs">
          <input
            type="hidden"
            name="action"
            value={isPaused ? "resume" : "pause"}
          />
          <input type="hidden" name="kind" value={kind} />
          <input
            type="hidden"
            name="back"
            value={`/admin/jobs${adminJobsQuery(filter)}`}
          />
          <button
            class="btn btn-small btn-quiet"
            type="submit"
            aria-label={`${isPaused ? "Resume" : "Pause"} ${kind}`}
          >
            {isPaused ? "Resume" : "Pause"}
          </button>
        </form>
      </td>
    </tr>
  );
}

function spreadText(spread: Spread | null): string {
  if (spread === null) return "–";
  return `${formatSpan(spread.p50)}, ${formatSpan(spread.p95)}`;
}
