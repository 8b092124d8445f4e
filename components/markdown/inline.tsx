import type { Token, Tokens } from "marked";
import {
  type ComponentChild,
  type ComponentChildren,
  Fragment,
  h,
} from "preact";
import { decodeEntities } from "@/lib/shared/markdown/entities.ts";
import type { MathToken } from "@/lib/shared/markdown/math_syntax.ts";
import { safeUrl } from "@/lib/shared/markdown/safe_url.ts";
import { Formula } from "./Formula.tsx";

/** Deepest nesting that is drawn; what lies deeper shows as its source. */
export const MAX_DEPTH = 60;

/** Where inline text stands. */
export interface InlineContext {
  depth: number;
  /** Links hold no links. */
  isInLink: boolean;
}

function renderLink(
  address: string,
  content: ComponentChildren,
  key: number,
  context: InlineContext,
): ComponentChild {
  const url = context.isInLink ? null : safeUrl(decodeEntities(address));
  if (url === null) return <span key={key}>{content}</span>;
  return url.leavesApp
    ? (
      <a key={key} href={url.href} target="_blank" rel="noopener noreferrer">
        {content}
      </a>
    )
    : <a key={key} href={url.href}>{content}</a>;
}

/** An image never loads by itself, since that would tell its server who reads: it is a link. */
function renderImage(
  token: Tokens.Image,
  key: number,
  context: InlineContext,
): ComponentChild {
  const name = decodeEntities(token.text).trim() || "Image";
  return renderLink(token.href, `[${name}]`, key, context);
}

function renderToken(
  token: Token,
  key: number,
  context: InlineContext,
): ComponentChild {
  const inside = (of: Token[] | undefined, more: Partial<InlineContext> = {}) =>
    renderInline(of ?? [], { ...context, ...more, depth: context.depth + 1 });
  switch (token.type) {
    case "strong":
      return <strong key={key}>{inside(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inside(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inside(token.tokens)}</del>;
    case "codespan":
      return <code key={key}>{token.text}</code>;
    case "br":
      return <br key={key} />;
    case "link": {
      const link = token as Tokens.Link;
      return renderLink(
        link.href,
        inside(link.tokens, { isInLink: true }),
        key,
        context,
      );
    }
    case "image":
      return renderImage(token as Tokens.Image, key, context);
    case "mathInline":
      return (
        <Formula key={key} tex={(token as MathToken).tex} isBlock={false} />
      );
    case "checkbox":
      return null;
    case "html":
      // Models write this one tag in table cells, where markdown has no line break of its own.
      return /^<br\s*\/?>$/i.test(token.raw) ? <br key={key} /> : token.raw;
    case "escape":
      return token.text;
    default:
      return "tokens" in token && token.tokens
        ? inside(token.tokens)
        : decodeEntities("text" in token ? token.text : token.raw);
  }
}

/**
 * Inline tokens as VNodes; raw HTML is text. The fragment matters: precompiled JSX escapes texts in a
 * bare array once, and the renderer escapes them again.
 */
export function renderInline(
  tokens: Token[],
  context: InlineContext,
): ComponentChildren {
  if (context.depth > MAX_DEPTH) {
    return tokens.map((token) => token.raw).join("");
  }
  return h(
    Fragment,
    null,
    tokens.map((token, index) => renderToken(token, index, context)),
  );
}
