/** Which machine of a pool gets which rank. */
import { expect, it } from "vitest"
import { chooseSeats } from "../../../daemon/clouds/ssh/seats.ts"

it("takes a machine whose accelerator is spelled in other letters, as an offer does", () => {
  const ground = { address: "a", otherAddresses: [], cpus: 8, memoryGib: 32, lease: null, trouble: null, kernel: null, tenants: [] }
  const reached = { target: { host: "a" }, ground: { ...ground, accelerators: { name: "RTX4090", count: 2 } } }
  const machine = { pool: "rack", host: "a", name: "a", login: {}, nodeMirror: null, reached, why: null }
  const offer = { cloud: "ssh", region: "rack", cpus: 4, memoryGib: 16, accelerators: { name: "rtx4090", count: 1 } }
  const request = { offer, ranks: [0], tags: { cluster: "c" }, token: "t" }
  const known = { asked: new Set<string>(), isInherited: false, passed: new Map() }
  expect(chooseSeats(request as never, [machine as never], known)).toMatchObject({ is: "chosen", seats: [{ rank: 0, isHeld: false }] })
})
