/** The HTTP half of the contract: what a server of the fixture answers. */
import { fileRouteCases } from "./cases/file_routes.ts";
import { middlewareCases } from "./cases/middlewares.ts";
import { responseCases } from "./cases/responses.ts";
import { routingCases } from "./cases/routing.ts";
import { streamingCases } from "./cases/streaming.ts";
import { type RunningFixture, startFixture } from "./support/fixture.ts";
import { sender } from "./support/http.ts";

let fixture: RunningFixture | undefined;
const baseUrl = () => {
  if (fixture === undefined) throw new Error("The fixture is not running");
  return fixture.url;
};
const send = sender(baseUrl);

Deno.test.beforeAll(async () => {
  fixture = await startFixture();
});
Deno.test.afterAll(async () => {
  await fixture?.stop();
});

routingCases(send, baseUrl);
responseCases(send);
fileRouteCases(send);
middlewareCases(send);
streamingCases(send, baseUrl);
