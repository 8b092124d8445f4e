/** Requests byte by byte, for what a polite client cannot send. */

/** So long is read of a stream of events, which may never end. */
const STREAM_MS = 500;
const STREAM_TYPE = /^content-type: text\/event-stream/im;

/** Sends raw bytes to the app and reads until it closes the connection, or enough of a stream of events. */
export async function rawRequest(
  url: string,
  lines: string[],
  body = "",
): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = [...lines, "Connection: close", "", body].join("\r\n");
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(request));
  writer.releaseLock();
  const decoder = new TextDecoder();
  const reader = connection.readable.getReader();
  let text = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for (;;) {
    const { value, done } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) break;
    if (timer === undefined && STREAM_TYPE.test(text)) {
      timer = setTimeout(() => void reader.cancel(), STREAM_MS);
    }
  }
  clearTimeout(timer);
  return text;
}
