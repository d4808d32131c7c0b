/** `sky cost-report`: what clusters have cost, those that are gone among them. */

import type { CostReportAnswer } from "../../sdk/protocol/costs.ts"
import { exitCodes } from "../../sdk/protocol/exit-codes.ts"
import { stderr, stdout } from "../out.ts"
import { costTable, shownCosts, statusWord } from "../render/costs.ts"
import { notFound, showError } from "../render/error.ts"
import { jsonLine } from "../render/json.ts"
import { noticesFirst, notify } from "../render/notify.ts"
import { screen, verb } from "../verb.ts"
import { withOffset } from "../when.ts"
import { momentLine } from "./past.ts"

const usage = "sky cost-report [-a] [--at WHEN] [CLUSTER…]"

export const costReport = verb(
  usage,
  { all: { type: "boolean", short: "a" }, at: { type: "string" } },
  async ({ connect, flags, json, words }) => {
    const session = connect()
    const params = { clusterNames: words.length > 0 ? words : null, at: flags.at === undefined ? null : withOffset(flags.at) }
    const answer = await session.call<CostReportAnswer>("cost.report", params).catch(noticesFirst(session))
    const { asOf, costs, incomplete, notFound: unknown, notices, older } = answer
    notify(notices)
    const codes = unknown.map((name) =>
      showError(notFound(`No cluster '${name}' is known, of now or before.`, "All that are: sky cost-report -a"), json)
    )
    const nowMs = asOf?.atMs ?? Date.now()
    if (json) {
      const said = costs.map((cost) => ({ ...cost, status: statusWord(cost) }))
      stdout.write(jsonLine(asOf === undefined ? said : { asOf, costs: said }))
    } else {
      if (asOf !== undefined) stdout.write(`${momentLine(asOf)}\n`)
      const isAll = flags.all === true || words.length > 0
      if (costs.length > 0) stdout.write(costTable(shownCosts(costs, isAll), costs, older, screen(), nowMs))
      else if (codes.length === 0 && !incomplete) stderr.write("No cluster has had a machine yet.\n")
    }
    return Math.max(exitCodes.ok, ...codes)
  }
)
