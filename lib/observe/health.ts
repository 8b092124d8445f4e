/** Whether this process should get new work. */

export interface ReadinessCheck {
  name: string;
  status: "pass" | "fail";
  reason: string | null;
}

export interface Readiness {
  status: "ready" | "unready";
  checks: ReadinessCheck[];
}

/** A check gives the reason why not, or null when all is well. */
export type Check = () => string | null | Promise<string | null>;

/** How long a check may take before it counts as failed, in milliseconds. */
const CHECK_DEADLINE_MS = 2_000;

export class Health {
  readonly #checks = new Map<string, Check>();

  add(name: string, check: Check): void {
    this.#checks.set(name, check);
  }

  /** Runs all checks side by side; never rejects. */
  async readiness(): Promise<Readiness> {
    const checks = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<ReadinessCheck> => {
        const reason = await withDeadline(check);
        return { name, status: reason === null ? "pass" : "fail", reason };
      }),
    );
    const ready = checks.every((check) => check.status === "pass");
    return { status: ready ? "ready" : "unready", checks };
  }
}

async function withDeadline(check: Check): Promise<string | null> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(
    () => late.resolve(`no answer within ${CHECK_DEADLINE_MS / 1000} s`),
    CHECK_DEADLINE_MS,
  );
  try {
    return await Promise.race([check(), late.promise]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
