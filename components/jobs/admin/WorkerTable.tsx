import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import type { WorkerView } from "@/lib/shared/jobs/admin_jobs.ts";

/** The processes that do jobs. */
export function WorkerTable(
  { workers, nowMs }: { workers: readonly WorkerView[]; nowMs: number },
): VNode {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Processes">
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col" class="num">Busy</th>
            <th scope="col" class="num">With this workspace's</th>
            <th scope="col">Began</th>
            <th scope="col">Heard of</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <tr key={worker.id}>
              <th scope="row">
                {worker.host === "" ? "" : `${worker.host}, `}
                <span class="mono">{worker.id.slice(-6)}</span>
              </th>
              <td class="num" data-label="Busy">
                {worker.busy} of {worker.places}
              </td>
              <td class="num" data-label="With this workspace's">
                {worker.here}
              </td>
              <td data-label="Began">
                <Moment at={worker.startedAt} nowMs={nowMs} />
              </td>
              <td data-label="Heard of">
                <Moment at={worker.saidAt} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
