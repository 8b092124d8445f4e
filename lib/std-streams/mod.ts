/**
 * Stand-in for the part of jsr:@std/streams 1 that this project uses. Delete `links` in the project's
 * deno.json to use the real one.
 */
export {
  TextLineStream,
  type TextLineStreamOptions,
} from "./text_line_stream.ts";
