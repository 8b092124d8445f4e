/** Requests byte by byte, for what a polite client cannot send. */

/** Sends raw bytes to the app and reads until it closes the connection. */
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
  return await new Response(connection.readable).text();
}
