import assert from "node:assert/strict";
import { countedAddress } from "./counted_address.ts";

Deno.test("countedAddress: version 6 counts by its network of 64 bits", () => {
  assert.equal(countedAddress("203.0.113.7"), "203.0.113.7");
  assert.equal(countedAddress("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(
    countedAddress("2001:db8:1:2::1"),
    countedAddress("2001:db8:1:2:ffff::"),
  );
  assert.equal(countedAddress("::1"), "0:0:0:0::/64");
  assert.equal(countedAddress("unknown"), "unknown");
});
