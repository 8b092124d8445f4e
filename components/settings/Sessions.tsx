import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import type { Session as OpenSession } from "@/lib/shared/wire.ts";

/** Settings: the browsers that are signed in. */
export function Sessions(
  { sessions, nowMs, ended }: {
    sessions: OpenSession[];
    nowMs: number;
    /** What was just ended, in words. */
    ended?: string;
  },
): VNode {
  const others = sessions.filter(({ current }) => !current).length;
  return (
    <>
      <p class="hint">
        Browsers that are signed in to your account. One that is not yours ends
        here; change your password then, too.
      </p>
      <div
        class="table-wrap mt-4"
        tabIndex={0}
        role="region"
        aria-label="Your sessions"
      >
        <table class="table table-stack">
          <thead>
            <tr>
              <th scope="col">Browser</th>
              <th scope="col">Address</th>
              <th scope="col">Signed in</th>
              <th scope="col">Last seen</th>
              <th>
                <span class="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.map((session) => (
              <Session key={session.id} session={session} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </div>
      <form class="btn-row mt-4" method="post" action="/settings">
        <input type="hidden" name="section" value="sessions" />
        <input type="hidden" name="action" value="end-others" />
        <button class="btn" type="submit" disabled={others === 0}>
          Sign out everywhere else
        </button>
        <span class="hint" role="status">
          {ended ?? (others === 0 ? "This is the only one." : "")}
        </span>
      </form>
    </>
  );
}

function Session(
  { session, nowMs }: { session: OpenSession; nowMs: number },
): VNode {
  const { id, device, address, createdAt, lastSeenAt, current } = session;
  return (
    <tr>
      <th scope="row">
        {device}{" "}
        {current && <span class="badge" data-kind="accent">this one</span>}
      </th>
      <td data-label="Address" class="anywhere">{address}</td>
      <td data-label="Signed in">
        <Moment at={createdAt} nowMs={nowMs} />
      </td>
      <td data-label="Last seen">
        <Moment at={lastSeenAt} nowMs={nowMs} />
      </td>
      <td class="num act">
        <form method="post" action="/settings">
          <input type="hidden" name="section" value="sessions" />
          <input type="hidden" name="action" value="end" />
          <input type="hidden" name="id" value={id} />
          <button
            class="link-btn"
            type="submit"
            aria-label={current
              ? "Sign out here"
              : `Sign out ${device}, ${address}`}
          >
            Sign out
          </button>
        </form>
      </td>
    </tr>
  );
}
