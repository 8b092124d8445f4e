/** Settings of an App and what `ctx.config` shows of them. */
import { getBuildSnapshot } from "./snapshot.ts";

/** What `new App()` accepts. */
export interface FreshConfig {
  /** Path in front of every route, for example `/app`; none by default. */
  basePath?: string;
  /** Defaults to the mode of the build, or `production` without one. */
  mode?: "development" | "production";
  /** Lets `X-Forwarded-Proto` and `X-Forwarded-Host` rewrite `ctx.url`; off by default. */
  trustProxy?: boolean;
}

export interface ResolvedFreshConfig {
  /** Absolute path of the project. */
  root: string;
  basePath: string;
  mode: "development" | "production";
  trustProxy: boolean;
}

/** Fills in the defaults; read when the app first answers, since the build is known by then. */
export function resolveConfig(config: FreshConfig): ResolvedFreshConfig {
  const snapshot = getBuildSnapshot();
  return {
    root: snapshot?.root ?? Deno.cwd(),
    basePath: (config.basePath ?? "").replace(/\/+$/, ""),
    mode: config.mode ?? snapshot?.mode ?? "production",
    trustProxy: config.trustProxy ?? false,
  };
}
