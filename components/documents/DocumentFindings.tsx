import type { VNode } from "preact";
import {
  formatCount,
  formatPlural,
} from "@/lib/shared/documents/document_words.ts";
import type {
  DocumentProfile,
  TableProfile,
} from "@/lib/shared/documents/profile_wire.ts";
import { ProfileTable } from "./ProfileTable.tsx";

const DELIMITERS: Record<string, string> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars",
};

/** Columns of the first rows that are shown. */
const SAMPLE_COLUMNS = 12;

/** What is known of the content of a document. */
export function DocumentFindings(
  { profile }: { profile: DocumentProfile },
): VNode {
  switch (profile.kind) {
    case "table":
      return <TableFindings profile={profile} />;
    case "pdf":
      return (
        <dl class="job-facts">
          <Fact name="Pages">{formatCount(profile.pages)}</Fact>
          {profile.title !== null && <Fact name="Title">{profile.title}</Fact>}
          {profile.author !== null && (
            <Fact name="Author">{profile.author}</Fact>
          )}
        </dl>
      );
    case "text":
      return (
        <>
          <dl class="job-facts">
            <Fact name="Words">{formatCount(profile.words)}</Fact>
            <Fact name="Lines">{formatCount(profile.lines)}</Fact>
            <Fact name="Encoding">{profile.encoding}</Fact>
          </dl>
          <Unreadable count={profile.brokenCharacters} />
          {profile.headings.length > 0 && (
            <ul class="headings">
              {profile.headings.map((heading, index) => (
                <li key={index}>{heading}</li>
              ))}
            </ul>
          )}
        </>
      );
  }
}

function TableFindings({ profile }: { profile: TableProfile }): VNode {
  const { rows, columnCount, duplicates, unevenRows, broken } = profile;
  return (
    <>
      <dl class="job-facts">
        <Fact name="Rows">{formatCount(rows)}</Fact>
        <Fact name="Columns">{formatCount(columnCount)}</Fact>
        <Fact name="Repeated rows">
          {formatCount(duplicates.rows)}
          {!duplicates.isExact &&
            ` at least: compared with the first ${
              formatCount(duplicates.compared)
            } different ones`}
        </Fact>
        <Fact name="Uneven rows">{formatCount(unevenRows)}</Fact>
        <Fact name="Broken lines">{formatCount(broken.lines)}</Fact>
        <Fact name="Read as">
          {profile.delimiter === null
            ? "JSONL"
            : `${DELIMITERS[profile.delimiter] ?? profile.delimiter}, ${
              profile.hasHeader ? "first row names columns" : "no header"
            }`}, {profile.encoding}
        </Fact>
      </dl>
      <Unreadable count={profile.brokenCharacters} />
      {broken.examples.length > 0 && (
        <details class="twin">
          <summary>
            {formatPlural(broken.lines, "line")} left out
          </summary>
          <ul class="broken-lines">
            {broken.examples.map(({ line, reason, text }) => (
              <li key={line}>
                Line {formatCount(line)}: {reason}.{" "}
                <code class="wrap-any">{text}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      <ProfileTable profile={profile} />
      <p class="hint">
        Counted as missing: empty cells and NA, N/A, null, none, NaN, – and ?.
        Outliers lie further from the middle half than one and a half times its
        width (Tukey’s fences).
      </p>
      {profile.sample.length > 0 && <Sample profile={profile} />}
    </>
  );
}

function Sample({ profile }: { profile: TableProfile }): VNode {
  const names = profile.columns.slice(0, SAMPLE_COLUMNS)
    .map(({ name }) => name);
  return (
    <>
      <h3>First rows</h3>
      <div
        class="table-wrap"
        role="region"
        aria-label="First rows"
        tabIndex={0}
      >
        <table class="table">
          <thead>
            <tr>
              {names.map((name, index) => (
                <th key={index} scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {profile.sample.map((row, index) => (
              <tr key={index}>
                {names.map((_, column) => <td key={column}>{row[column]}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Unreadable({ count }: { count: number }): VNode | null {
  if (count === 0) return null;
  return (
    <p class="hint">
      {formatPlural(count, "character")}{" "}
      could not be read and stand as �. The file may be in another encoding than
      it seems.
    </p>
  );
}

function Fact(
  { name, children }: { name: string; children: preact.ComponentChildren },
): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
