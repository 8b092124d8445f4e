/**
 * The identity provider as a process of its own, so that what it computes is not the app's. Its first
 * argument is how many people it knows (`p0`, `p1` …). It prints `{issuer, control}` as a line of JSON; the
 * second is an address that takes `POST /delay/<ms>` and `POST /redirect/<encoded uri>`, and tells the
 * paths that were asked for at `GET /requests`.
 */
import { startIdentityProvider } from "./identity_provider.ts";

const people = Object.fromEntries(
  Array.from({ length: Number(Deno.args[0]) }, (_, index) => [`p${index}`, {
    email: `p${index}@example.test`,
    email_verified: true,
    name: `Person ${index}`,
  }]),
);
const idp = await startIdentityProvider({ people });
const server = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  (request) => {
    const [, what, value = ""] = new URL(request.url).pathname.split("/");
    if (what === "delay") idp.delayMs = Number(value);
    if (what === "redirect") idp.redirectUris.push(decodeURIComponent(value));
    return Response.json(idp.requests);
  },
);
console.log(JSON.stringify({
  issuer: idp.issuer,
  clientId: idp.clientId,
  clientSecret: idp.clientSecret,
  control: `http://127.0.0.1:${server.addr.port}`,
}));
