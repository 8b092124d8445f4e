/** Spies and stubs that are in place, so that they can be taken back together. */

interface Restorable {
  restore(): void;
}

/** Sessions, innermost last; the first one is there from the start. */
const sessions: Set<Restorable>[] = [new Set()];

/** Notes a spy that replaced a method. */
export function remember(spy: Restorable): void {
  sessions.at(-1)!.add(spy);
}

/** Strikes out a spy that was restored. */
export function forget(spy: Restorable): void {
  for (const session of sessions) session.delete(spy);
}

/** Restores every spy and stub of the current session, newest first. */
export function restore(): void {
  restoreAll(sessions.at(-1)!);
}

/** Wraps a function; spies and stubs it makes are restored when it ends. */
export function mockSession<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Return,
): (this: Self, ...args: Args) => Return {
  return function (this: Self, ...args: Args): Return {
    const session = begin();
    try {
      return func.apply(this, args);
    } finally {
      end(session);
    }
  };
}

/** As `mockSession()`, for an async function. */
export function mockSessionAsync<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Promise<Return>,
): (this: Self, ...args: Args) => Promise<Return> {
  return async function (this: Self, ...args: Args): Promise<Return> {
    const session = begin();
    try {
      return await func.apply(this, args);
    } finally {
      end(session);
    }
  };
}

function begin(): Set<Restorable> {
  const session = new Set<Restorable>();
  sessions.push(session);
  return session;
}

function end(session: Set<Restorable>): void {
  sessions.splice(sessions.indexOf(session), 1);
  restoreAll(session);
}

function restoreAll(session: Set<Restorable>): void {
  for (const spy of [...session].reverse()) spy.restore();
}
