/**
 * Spies and stubs, a stand-in for what this project may use of jsr:@std/testing 1 `/mock`.
 *
 * Source: https://jsr.io/@std/testing/doc/mock
 */
export {
  assertSpyCall,
  assertSpyCallArg,
  assertSpyCallArgs,
  assertSpyCallAsync,
  assertSpyCalls,
  type ExpectedSpyCall,
} from "./mock_assertions.ts";
export {
  resolvesNext,
  returnsArg,
  returnsNext,
  returnsThis,
} from "./mock_callbacks.ts";
export { mockSession, mockSessionAsync, restore } from "./mock_session.ts";
export {
  type MethodSpy,
  MockError,
  type Spy,
  spy,
  type SpyCall,
} from "./spy.ts";
export { type Stub, stub } from "./stub.ts";
