import type { VNode } from "preact";
import {
  formatCount,
  formatPlural,
  formatShare,
  formatValue,
} from "@/lib/shared/documents/document_words.ts";
import type {
  ColumnProfile,
  NumberProfile,
  TableProfile,
} from "@/lib/shared/documents/profile_wire.ts";

const TYPE_WORDS: Record<ColumnProfile["type"], string> = {
  empty: "Empty",
  integer: "Whole number",
  number: "Number",
  boolean: "Yes or no",
  date: "Day",
  datetime: "Time",
  text: "Text",
};

/** Columns that a page shows; there may be hundreds. */
const SHOWN_COLUMNS = 100;

/** A table's columns: type, what is missing, how values spread. */
export function ProfileTable({ profile }: { profile: TableProfile }): VNode {
  const { columns, columnCount, rows } = profile;
  const shown = columns.slice(0, SHOWN_COLUMNS);
  return (
    <>
      <div
        class="table-wrap"
        role="region"
        aria-label="Columns"
        tabIndex={0}
      >
        <table class="table profile-table">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              <th scope="col">Missing</th>
              <th scope="col" class="num">Different</th>
              <th scope="col">Values</th>
              <th scope="col" class="num">Outliers</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((column, index) => (
              <Column key={index} column={column} rows={rows} />
            ))}
          </tbody>
        </table>
      </div>
      {columnCount > shown.length && (
        <p class="hint">
          {formatPlural(columnCount, "column")} in all; the first{" "}
          {formatCount(shown.length)} are shown.
        </p>
      )}
    </>
  );
}

function Column(
  { column, rows }: { column: ColumnProfile; rows: number },
): VNode {
  const { name, type, missing, distinct, top, numbers, times } = column;
  return (
    <tr>
      <th scope="row" class="wrap-any">{name}</th>
      <td>{TYPE_WORDS[type]}</td>
      <td>
        <span class="tnum">{formatShare(missing, rows)}</span>
        <svg class="table-bar" aria-hidden="true">
          <rect class="bar-bed" width="100%" height="100%" />
          <rect width={percent(missing, rows)} height="100%" />
        </svg>
      </td>
      <td class="num">
        {!distinct.isExact && "> "}
        {formatCount(distinct.count)}
      </td>
      <td class="wrap-any">
        {numbers !== null && (type === "integer" || type === "number")
          ? <Spread numbers={numbers} />
          : times !== null
          ? `${times.first} to ${times.last}`
          : (
            <ul class="top-values">
              {top.slice(0, 3).map(({ value, count }) => (
                <li key={value}>
                  {value} <span class="soft tnum">{formatCount(count)}</span>
                </li>
              ))}
            </ul>
          )}
      </td>
      <td class="num">
        {numbers === null ? "–" : <Outliers numbers={numbers} />}
      </td>
    </tr>
  );
}

/** The middle half as a box, nearly all as a line; the same in words below. */
function Spread({ numbers }: { numbers: NumberProfile }): VNode {
  const { min, max, p5, p25, p50, p75, p95, isExact } = numbers;
  const at = (value: number) => percent(value - min, max - min);
  return (
    <>
      <svg class="spread" aria-hidden="true">
        <line x1={at(p5)} x2={at(p95)} y1="6" y2="6" />
        <rect
          x={at(p25)}
          width={percent(p75 - p25, max - min)}
          y="2"
          height="8"
        />
        <line class="spread-middle" x1={at(p50)} x2={at(p50)} y1="0" y2="12" />
      </svg>
      <span class="tnum">
        {formatValue(min)} to {formatValue(max)}
        <span class="soft">
          ; half of them {formatValue(p25)} to {formatValue(p75)}, middle{" "}
          {formatValue(p50)}
          {!isExact && " (of a sample)"}
        </span>
      </span>
    </>
  );
}

function Outliers({ numbers }: { numbers: NumberProfile }): VNode {
  const { outliers, isExact } = numbers;
  return (
    <>
      {!isExact && outliers.count > 0 && "about "}
      {formatCount(outliers.count)}
      {outliers.examples.length > 0 && (
        <span class="soft outlier-examples">
          {outliers.examples.slice(0, 3).map(formatValue).join(", ")}
        </span>
      )}
    </>
  );
}

function percent(part: number, all: number): string {
  if (!(all > 0)) return "0%";
  return `${Math.min(Math.max(part / all * 100, 0), 100).toFixed(2)}%`;
}
