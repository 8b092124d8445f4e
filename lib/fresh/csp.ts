/**
 * `csp()`: sets a Content-Security-Policy on responses.
 *
 * Source: https://fresh.deno.dev/docs/plugins/csp
 */
import { type Context, renderNonce } from "./context.ts";
import type { MiddlewareFn } from "./middleware.ts";

export interface CSPOptions {
  /** Only report violations. */
  reportOnly?: boolean;
  /** URL that violations are reported to. */
  reportTo?: string;
  /** Directives that are added, or that replace the default of the same name. */
  csp?: string[];
  /** Allows inline scripts and styles by the page's nonce in place of `'unsafe-inline'`. */
  useNonce?: boolean;
}

const DEFAULT_DIRECTIVES = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "upgrade-insecure-requests",
];

const REPORT_GROUP = "csp-endpoint";

/**
 * Adds the policy to what the rest of the chain answers. An error that travels through this
 * middleware leaves no response to add it to, so error pages of an outer segment have no policy.
 */
export function csp<State>(options: CSPOptions = {}): MiddlewareFn<State> {
  const policy = buildPolicy(options);
  const header = options.reportOnly === true
    ? "Content-Security-Policy-Report-Only"
    : "Content-Security-Policy";
  return async (ctx) => {
    const response = await ctx.next();
    const nonce = options.useNonce === true
      ? renderNonce(ctx as Context<unknown>)
      : null;
    response.headers.set(
      header,
      nonce === null
        ? policy
        : policy.replaceAll("'unsafe-inline'", `'nonce-${nonce}'`),
    );
    if (options.reportTo !== undefined) {
      response.headers.set(
        "Reporting-Endpoints",
        `${REPORT_GROUP}="${options.reportTo}"`,
      );
    }
    return response;
  };
}

function buildPolicy({ csp: given = [], reportTo }: CSPOptions): string {
  const directives = new Map<string, string>();
  for (const directive of [...DEFAULT_DIRECTIVES, ...given]) {
    const text = directive.trim().replace(/;$/, "");
    directives.set(text.split(/\s/, 1)[0], text);
  }
  if (reportTo !== undefined) {
    directives.set("report-to", `report-to ${REPORT_GROUP}`);
    directives.set("report-uri", `report-uri ${reportTo}`);
  }
  return [...directives.values()].join("; ");
}
