import type { ComponentChildren, VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Hue } from "@/lib/shared/chart_parts.ts";

/** A column of numbers. */
export interface TwinColumn {
  label: string;
  hue?: Hue;
}

export interface TwinProps {
  /** What the table is about, with its unit. */
  label: string;
  /** Head of the first column. */
  rowHead: string;
  columns: readonly TwinColumn[];
  rows: readonly { label: string; cells: readonly ComponentChildren[] }[];
}

/** The same as a chart in numbers: for those who do not see it, and what its tip is read from. */
export function Twin({ label, rowHead, columns, rows }: TwinProps): VNode {
  return (
    <details class="twin">
      <summary>
        <Icon name="requests" small />
        Show as table
      </summary>
      <div class="table-wrap" tabIndex={0} role="region" aria-label={label}>
        <table class="table twin-table">
          <thead>
            <tr>
              <th scope="col">{rowHead}</th>
              {columns.map(({ label, hue }, index) => (
                <th key={index} scope="col" data-hue={hue}>{label}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ label, cells }, index) => (
              <tr key={index}>
                <th scope="row">{label}</th>
                {cells.map((cell, index) => <td key={index}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
