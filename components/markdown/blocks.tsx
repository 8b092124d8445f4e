import type { Token, Tokens } from "marked";
import {
  type ComponentChild,
  type ComponentChildren,
  Fragment,
  h,
} from "preact";
import { decodeEntities } from "@/lib/shared/markdown/entities.ts";
import type { MathToken } from "@/lib/shared/markdown/math_syntax.ts";
import { CodeBlock } from "./CodeBlock.tsx";
import { Formula } from "./Formula.tsx";
import { MAX_DEPTH, renderInline } from "./inline.tsx";

/** Where a block stands. */
export interface BlockContext {
  depth: number;
  /** Whether the text is still being written, so that the last fence may be open. */
  isLive: boolean;
  /** Level of a heading that is a block of the answer itself, from 2 to 6. */
  headingLevel: number;
}

/** A fence is finished when its last line closes it; indented code always is. */
function isFenceClosed(raw: string): boolean {
  const opening = /^ {0,3}(`{3,}|~{3,})/.exec(raw);
  if (opening === null) return true;
  const lines = raw.trimEnd().split("\n");
  return lines.length > 1 && lines.at(-1)!.trim().startsWith(opening[1]);
}

function inline(tokens: Token[] | undefined, context: BlockContext) {
  return renderInline(tokens ?? [], {
    depth: context.depth + 1,
    isInLink: false,
  });
}

function renderTable(
  table: Tokens.Table,
  key: number,
  context: BlockContext,
): ComponentChild {
  const cellClass = (cell: Tokens.TableCell) =>
    cell.align === "right" ? "num" : undefined;
  return (
    <div
      key={key}
      class="table-wrap"
      role="group"
      aria-label="Table"
      tabIndex={0}
    >
      <table class="table">
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              <th key={index} scope="col" class={cellClass(cell)}>
                {inline(cell.tokens, context)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, rowIndex) => (
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                <td key={index} class={cellClass(cell)}>
                  {inline(cell.tokens, context)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function renderItem(
  item: Tokens.ListItem,
  key: number,
  context: BlockContext,
): ComponentChild {
  const content = renderBlocks(item.tokens, context);
  if (!item.task) return <li key={key}>{content}</li>;
  return (
    <li key={key} class="task">
      <input
        type="checkbox"
        disabled
        checked={item.checked}
        aria-label={item.checked ? "Done" : "To do"}
      />
      <div>{content}</div>
    </li>
  );
}

function renderList(
  list: Tokens.List,
  key: number,
  context: BlockContext,
): ComponentChild {
  const items = list.items.map((item, index) =>
    renderItem(item, index, context)
  );
  if (!list.ordered) return <ul key={key}>{items}</ul>;
  const start = list.start === 1 || list.start === "" ? undefined : list.start;
  return <ol key={key} start={start}>{items}</ol>;
}

/** One block token as a VNode; null for what does not show. */
export function renderBlock(
  token: Token,
  key: number,
  context: BlockContext,
): ComponentChild {
  const deeper = { ...context, depth: context.depth + 1 };
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return null;
    case "heading":
      // One within a quotation or a list is no part of the page's outline.
      return context.depth > 0
        ? (
          <p key={key}>
            <strong>{inline(token.tokens, deeper)}</strong>
          </p>
        )
        : h(
          `h${context.headingLevel}`,
          { key },
          inline(token.tokens, deeper),
        );
    case "paragraph":
      return <p key={key}>{inline(token.tokens, deeper)}</p>;
    case "code":
      return (
        <CodeBlock
          key={key}
          code={token.text}
          info={token.lang}
          isFinished={!context.isLive || isFenceClosed(token.raw)}
        />
      );
    case "blockquote":
      return (
        <blockquote key={key}>
          {renderBlocks(token.tokens ?? [], deeper)}
        </blockquote>
      );
    case "list":
      return renderList(token as Tokens.List, key, deeper);
    case "table":
      return renderTable(token as Tokens.Table, key, deeper);
    case "hr":
      return <hr key={key} />;
    case "html":
      return <p key={key} class="raw">{token.raw.trim()}</p>;
    case "mathBlock":
      return <Formula key={key} tex={(token as MathToken).tex} isBlock />;
    default:
      return "tokens" in token && token.tokens
        ? inline(token.tokens, deeper)
        : decodeEntities("text" in token ? token.text : token.raw);
  }
}

/** Block tokens as VNodes, in a fragment for the reason given at `renderInline`. */
export function renderBlocks(
  tokens: Token[],
  context: BlockContext,
): ComponentChildren {
  if (context.depth > MAX_DEPTH) {
    return tokens.map((token) => token.raw).join("");
  }
  return h(
    Fragment,
    null,
    tokens.map((token, index) => renderBlock(token, index, context)),
  );
}
