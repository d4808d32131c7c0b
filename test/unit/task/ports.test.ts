/** Ports as sets: what is asked for beside what is open. */
import { assert, it } from "@effect/vitest"
import { holdsPorts, portsBeyond, portsText, portTexts } from "../../../task/ports.ts"

it.each([
  [[], [80], ["80"]],
  [[80], [80], []],
  [["80-90"], ["85-95"], ["91-95"]],
  [["80", "82", "84-90"], ["80-92"], ["81", "83", "91-92"]],
  [["1-65535"], [22, "8000-9000"], []],
  [["443"], [8080, 22], ["22", "8080"]],
  [["80-81", "83"], ["79-84"], ["79", "82", "84"]]
])("of open ports %j and wanted ones %j, %j are closed; with these all are open", (open, wanted, closed) => {
  assert.deepStrictEqual(portsBeyond(open, wanted), closed)
  assert.strictEqual(holdsPorts(open, wanted), closed.length === 0)
  assert.isTrue(holdsPorts(portTexts([...open, ...closed]), wanted))
})

it("are said by their number", () => {
  assert.deepStrictEqual([["80"], ["80-81"], ["80", "443"]].map(portsText), ["port 80", "ports 80-81", "ports 80, 443"])
})
