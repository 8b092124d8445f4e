/** Which proxies show themselves, and what to change in their settings. */
import {
  type Check,
  type Problem,
  PROXIES,
  type ProxyName,
} from "./doctor_report.ts";

/** What proxies are known by: what they add to answers and to requests. */
export function proxiesOf(
  answer: Headers,
  request: Readonly<Record<string, string>>,
): ProxyName[] {
  const server = (answer.get("server") ?? "").toLowerCase();
  const via = `${answer.get("via") ?? ""} ${request.via ?? ""}`.toLowerCase();
  const shows: Record<ProxyName, boolean> = {
    cloudflare: answer.has("cf-ray") || "cf-ray" in request ||
      server.includes("cloudflare"),
    caddy: server.includes("caddy") || via.includes("caddy"),
    nginx: server.includes("nginx") || server.includes("openresty"),
    traefik: "x-forwarded-server" in request,
  };
  // Cloudflare stands in front of the others.
  const order: ProxyName[] = ["cloudflare", "nginx", "caddy", "traefik"];
  return order.filter((name) => shows[name]);
}

/** What to change, in words and as it is written. */
export interface Fix {
  text: string;
  code: string | null;
}

export const PROXY_TITLES: Readonly<Record<ProxyName, string>> = {
  nginx: "nginx",
  caddy: "Caddy",
  cloudflare: "Cloudflare",
  traefik: "Traefik",
};

const FIXES: Readonly<Record<ProxyName, Readonly<Record<Problem, Fix>>>> = {
  nginx: {
    buffering: {
      text:
        "Switch buffering off where requests go to Freshet, and let its X-Accel-Buffering header count.",
      code: `location / {
  proxy_pass http://127.0.0.1:8000;
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_cache off;
  # and nowhere: proxy_ignore_headers X-Accel-Buffering;
}`,
    },
    socket: {
      text: "Pass the upgrade on; “http” is where the map goes.",
      code: `map $http_upgrade $connection_upgrade {
  default upgrade;
  ""      close;
}
location / {
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header Host $host;
}`,
    },
    idle: {
      text: "Wait longer than the 10 s between two signs of life.",
      code: `proxy_read_timeout 75s;
proxy_send_timeout 75s;`,
    },
    compression: {
      text:
        "Leave streams as they are: text/event-stream is not among the types.",
      code: `gzip_types text/css application/javascript application/json;
# or, where requests go to Freshet:
gzip off;`,
    },
    address: {
      text: "Say who asks, and name nginx to Freshet.",
      code: `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
# for Freshet, the address nginx comes from:
# TRUSTED_PROXIES=127.0.0.1`,
    },
  },
  caddy: {
    buffering: {
      text: "Let everything through at once.",
      code: `reverse_proxy 127.0.0.1:8000 {
  flush_interval -1
}`,
    },
    socket: {
      text:
        "Caddy passes WebSockets by itself: look for header_up lines that change Connection or Upgrade, and for a proxy before it.",
      code: null,
    },
    idle: {
      text: "Wait longer than the 10 s between two signs of life.",
      code: `reverse_proxy 127.0.0.1:8000 {
  stream_timeout 0
  transport http {
    read_timeout 75s
  }
}`,
    },
    compression: {
      text: "Compress pages and files, and no streams.",
      code: `@pages not path /api/* /v1/*
encode @pages zstd gzip`,
    },
    address: {
      text: "Caddy says who asks by itself; name it to Freshet.",
      code: `# for Freshet, the address Caddy comes from:
TRUSTED_PROXIES=127.0.0.1`,
    },
  },
  cloudflare: {
    buffering: {
      text:
        "Add a cache rule that bypasses the cache for /api/* and /v1/*, and switch response buffering off where your plan has it. Quick tunnels (trycloudflare.com) pass no event streams: use a named tunnel.",
      code: null,
    },
    socket: {
      text: "Switch WebSockets on, under Network.",
      code: null,
    },
    idle: {
      text:
        "Cloudflare waits 100 s for a sign of life and Freshet sends one every 10 s: what cuts is more likely between Cloudflare and Freshet.",
      code: null,
    },
    compression: {
      text:
        "Add a compression rule for /api/* and /v1/* that says no compression.",
      code: `(starts_with(http.request.uri.path, "/api/") or
 starts_with(http.request.uri.path, "/v1/"))
→ Disable compression`,
    },
    address: {
      text:
        "Name what connects to Freshet: cloudflared on this machine, or Cloudflare’s networks (www.cloudflare.com/ips).",
      code: `TRUSTED_PROXIES=127.0.0.1`,
    },
  },
  traefik: {
    buffering: {
      text:
        "Take the buffering middleware from the router of Freshet, and let everything through at once.",
      code: `http:
  services:
    freshet:
      loadBalancer:
        responseForwarding:
          flushInterval: 1ms
        servers:
          - url: http://127.0.0.1:8000`,
    },
    socket: {
      text:
        "Traefik passes WebSockets by itself: look for a headers middleware that changes Connection or Upgrade, and for a proxy before it.",
      code: null,
    },
    idle: {
      text: "Set no limit to how long an answer may take.",
      code: `entryPoints:
  websecure:
    transport:
      respondingTimeouts:
        readTimeout: 0
        writeTimeout: 0
        idleTimeout: 180s`,
    },
    compression: {
      text: "Leave streams out of the compress middleware.",
      code: `http:
  middlewares:
    compressed:
      compress:
        excludedContentTypes:
          - text/event-stream`,
    },
    address: {
      text: "Traefik says who asks by itself; name it to Freshet.",
      code: `# for Freshet, the network Traefik comes from:
TRUSTED_PROXIES=172.16.0.0/12`,
    },
  },
};

/** A proxy with what to change in it. */
export interface ProxyFixes {
  proxy: ProxyName;
  title: string;
  /** Whether it has shown itself. */
  isSeen: boolean;
  fixes: (Fix & { problem: Problem })[];
}

/** What mends the problems that were found, the proxies that were seen first. */
export function fixesFor(
  checks: readonly Check[],
  seen: readonly ProxyName[],
): ProxyFixes[] {
  const problems = [
    ...new Set(checks.flatMap(({ problem }) => problem ?? [])),
  ];
  if (problems.length === 0) return [];
  const others = PROXIES.filter((proxy) => !seen.includes(proxy));
  return [...seen, ...others].map((proxy) => ({
    proxy,
    title: PROXY_TITLES[proxy],
    isSeen: seen.includes(proxy),
    fixes: problems.map((problem) => ({ problem, ...FIXES[proxy][problem] })),
  }));
}

/** Everything there is to know about a proxy, for the manual. */
export function allFixes(proxy: ProxyName): ProxyFixes["fixes"] {
  return Object.entries(FIXES[proxy]).map(([problem, fix]) => ({
    problem: problem as Problem,
    ...fix,
  }));
}
