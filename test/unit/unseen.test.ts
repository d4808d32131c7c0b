/** A refresh that a cloud gave no answer to says so: what was known before is not what is. */
import { expect, it } from "vitest"
import { withUnseen } from "../../daemon/queries/unseen.ts"
import type { ClusterView } from "../../sdk/protocol/rows.ts"

const view = (name: string, reason: string | null = null) => ({ id: name, name, reason }) as unknown as ClusterView
const why = "You are not authorized (UnauthorizedOperation, DescribeInstances in us-east-1)"

it("is said once of all clusters alike, and in the reason of each, beside what it was", () => {
  const whys = new Map([
    ["one", why],
    ["two", why]
  ])
  const { clusters, notices } = withUnseen([view("one"), view("two", "stopped on request"), view("three")], whys)
  expect(notices).toEqual([`Not seen now, and said as last seen: one, two: ${why}.`])
  expect(clusters.map(({ reason }) => reason)).toEqual([
    `as it was last seen: ${why}`,
    `stopped on request; as it was last seen: ${why}`,
    null
  ])
  expect(clusters.map(({ unseen }) => unseen)).toEqual([why, why, undefined])
})

it("is not said again of a cluster whose reason says it, whichever call that was of; it is named among the others all the same", () => {
  const known = view(
    "one",
    "the head is not reached: You are not authorized (UnauthorizedOperation, StartInstances in us-east-1); it was running"
  )
  expect(withUnseen([known], new Map([["one", why]]))).toEqual({
    clusters: [{ ...known, unseen: why }],
    notices: [`Not seen now, and said as last seen: one: ${why}.`]
  })
})
