/** Branches of a thread, read out of its whole tree of messages. */
import type { Message } from "@/lib/shared/wire.ts";

/** Follows messages from one to the next, each at most once, so that a damaged tree ends too. */
function walk(
  from: Message | undefined,
  next: (message: Message) => Message | undefined,
): Message[] {
  const path = new Set<Message>();
  for (
    let at = from;
    at !== undefined && !path.has(at);
    at = next(at)
  ) path.add(at);
  return [...path];
}

/**
 * The branch that runs through a message: from the first question to it, and from it on always along the
 * newest version. Empty when the message is not there.
 * @param messages the whole tree, in the order of their making
 */
export function branchThrough(messages: Message[], id: string): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const newestChild = new Map(
    messages.map((message) => [message.parentId, message]),
  );
  const here = byId.get(id);
  const upwards = walk(here, ({ parentId }) => byId.get(parentId ?? ""));
  const downwards = walk(here, (message) => newestChild.get(message.id));
  return [...upwards.reverse(), ...downwards.slice(1)];
}
