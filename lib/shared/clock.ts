/** Now and the time zone, as plain values that a page can hand to its islands. */
export interface Clock {
  nowMs: number;
  /** IANA name, for example `Europe/Berlin`. */
  timeZone: string;
}

/** The clock of this machine. */
export function readClock(): Clock {
  return {
    nowMs: Date.now(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
