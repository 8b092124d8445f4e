import type { Signal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Clock } from "@/lib/shared/clock.ts";
import { ChatBody } from "@/components/chat/ChatBody.tsx";
import { ChatHead } from "@/components/chat/ChatHead.tsx";
import { usePageKeys } from "@/components/chat/use_page_keys.ts";
import { announcement } from "@/lib/shared/announce.ts";
import { browserTools } from "@/lib/shared/chat/browser_tools.ts";
import { ChatSession } from "@/lib/shared/chat/session.ts";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import type { Message, Model, Thread } from "@/lib/shared/wire.ts";

export interface ChatProps {
  thread: Thread | null;
  messages: Message[];
  /** How many turns come before these messages. */
  earlierTurns?: number;
  models: Model[];
  /** Id of the model of a new thread; null when there is none. */
  defaultModel: string | null;
  /** SSE id up to which a streaming answer's text goes. */
  lastEventId: string | null;
  /** Whether the demo answers. */
  isDemo: boolean;
  clock: Clock;
  /** Rows of the navigation, shared with it. */
  rows: Signal<ThreadRow[]>;
  /** Id of the thread on view, shared with the navigation. */
  current: Signal<string | null>;
  /** What shows while there is no thread. */
  children?: ComponentChildren;
}

/** The chat: head, thread and composer of one page. */
export default function Chat(props: ChatProps): VNode {
  const { thread, messages, models, defaultModel, lastEventId } = props;
  const session = useMemo(() =>
    new ChatSession({
      thread,
      messages,
      earlierTurns: props.earlierTurns,
      model: thread?.model ?? defaultModel,
      lastEventId,
      rows: props.rows,
    }), []);

  useEffect(() => {
    session.start(browserTools((threadId) => {
      history.replaceState(null, "", `/c/${threadId}`);
      props.current.value = threadId;
    }));
    return () => session.close();
  }, []);
  usePageKeys(session);

  return (
    <>
      <ChatHead session={session} />
      <ChatBody
        session={session}
        models={models}
        isDemo={props.isDemo}
        welcome={props.children}
        clock={props.clock}
      />
      <p class="sr" role="status">{announcement.value}</p>
    </>
  );
}
