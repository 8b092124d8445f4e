/** What is found out about the way between a client and the server. */

/** What is looked at. */
export const CHECK_IDS = [
  "stream",
  "quiet",
  "socket",
  "compression",
  "address",
  "long",
] as const;

export type CheckId = (typeof CHECK_IDS)[number];

/** What is wrong, by what mends it. */
export type Problem =
  | "buffering"
  | "socket"
  | "idle"
  | "compression"
  | "address";

/** Proxies that can be told apart and whose settings are known. */
export const PROXIES = ["nginx", "caddy", "cloudflare", "traefik"] as const;

export type ProxyName = (typeof PROXIES)[number];

export interface Check {
  id: CheckId;
  /** `unsure`: it could not be looked at, or does not harm by itself. */
  status: "good" | "bad" | "unsure";
  /** What was found, in a sentence. */
  text: string;
  /** What is to be mended; null: nothing. */
  problem: Problem | null;
}

export interface DoctorReport {
  checks: Check[];
  /** The proxy that has shown itself, the nearest to the client first. */
  proxies: ProxyName[];
  /** What else was seen, by what it is called. */
  facts: [name: string, value: string][];
}

/** What each check is called, and why it matters. */
export const CHECKS: Readonly<Record<CheckId, { title: string; why: string }>> =
  {
    stream: {
      title: "Streaming (SSE)",
      why:
        "Answers appear word by word only if nothing collects them on the way.",
    },
    quiet: {
      title: "Silence",
      why:
        "While a model thinks, nothing comes for seconds but a sign of life every 10 s.",
    },
    socket: {
      title: "WebSocket",
      why: "Lists, jobs and notifications keep up to date over one.",
    },
    compression: {
      title: "Compression",
      why:
        "What compresses a stream holds back its words until a block is full.",
    },
    address: {
      title: "Addresses",
      why:
        "Limits, sign-in and the audit log need the address of who asks, not the proxy’s.",
    },
    long: {
      title: "Two minutes",
      why: "Long answers must not be cut though words keep coming.",
    },
  };

/** Where the server answers to be looked at. */
export const DOCTOR_PATHS = {
  stream: "/api/doctor/stream",
  socket: "/api/doctor/socket",
  echo: "/api/doctor/echo",
} as const;

/** One event of the stream or the socket. */
export interface ProbeEvent {
  /** From 1. */
  n: number;
  /** When it was sent, in milliseconds from the first. */
  atMs: number;
}
