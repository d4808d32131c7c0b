/** Refusals that several commands share. */
import * as Result from "effect/Result"
import type { RecordedTask } from "../../events/values.ts"
import type { ClusterRow } from "../../projections/ClusterRow.ts"
import { conditionOf, raisingOf, workOf } from "../../projections/cluster-status.ts"
import { isShut } from "../../projections/shut.ts"
import { ClusterNotUpError, NotSupportedError, ResourcesMismatchError } from "../../sdk/protocol/errors.ts"
import { acceleratorsText } from "../../task/accelerators.ts"
import { alternativesOf } from "../../task/alternatives.ts"
import { dockerImage } from "../../task/images.ts"
import { lasting } from "../../task/lasting.ts"
import type { Need } from "../../task/Need.ts"
import { isControllerName } from "../../task/names.ts"
import { fitsPlace, mayFit, needOfPlace } from "../../task/placed.ts"
import { needInWords } from "../../task/resources-text.ts"
import { inner } from "../../task/sentence.ts"
import { numNodesOf } from "../../task/Task.ts"
import { imageAt } from "./of-machines.ts"

export const reservedName = (name: string) => ({
  message: `'${name}' is a name reserved for controllers of managed spot jobs and services, which skyd does not run.`,
  hint: "Choose another name."
})

export const refuseController = (name: string) =>
  isControllerName(name) ? Result.fail(new NotSupportedError(reservedName(name))) : undefined

/** All of it is there, and what is not reached of it is looked after without anybody's asking. */
const comesUp = ({ everUp, nodes, numNodes, wanted }: ClusterRow) =>
  wanted === "up" && everUp && nodes.length >= numNodes && nodes.every(({ state }) => state !== "stopped")

export const refuseUnlessUp = (row: ClusterRow, nowMs: number) => {
  const { reason, status } = conditionOf(row)
  if (status === "UP") return undefined
  const ending = refuseWhileEnding(row)
  if (ending !== undefined) return ending
  const raising = raisingOf(row)
  const because =
    raising !== undefined
      ? `a ${raising.method} is in progress since ${lasting(nowMs - raising.sinceMs)}`
      : `it is ${status}${reason === null ? "" : ` (${inner(reason)})`}`
  const waits = `Watch it: sky status ${row.name}; sky launch -c ${row.name} waits for it, and then runs the task there`
  const hint =
    raising !== undefined
      ? `It is starting. ${waits}`
      : isShut(row)
        ? `Nothing can be done on it from here. To end it: sky down ${row.name}`
        : comesUp(row)
          ? `It is brought up by itself. ${waits}`
          : `Bring it up: sky start ${row.name}`
  return Result.fail(
    new ClusterNotUpError({ cluster: row.name, clusterStatus: status, message: `${row.name} is not UP: ${because}.`, hint })
  )
}

/** While a stop or a down goes on, nothing can be built on the cluster. */
export const refuseWhileEnding = (row: ClusterRow) => {
  if (row.wanted === "up" || row.concluded) return undefined
  const doing = row.wanted === "gone" ? "torn down" : "stopped"
  const held = row.trouble === null ? "" : `, and waits: ${inner(row.trouble.message)}`
  return Result.fail(
    new ClusterNotUpError({
      cluster: row.name,
      clusterStatus: "INIT",
      message: `${row.name} is being ${doing}${row.wantedReason === null ? "" : ` by autostop: ${row.wantedReason}`}${held}.`,
      hint: `Try again when it is ${row.wanted === "gone" ? "gone" : "STOPPED"}: sky status ${row.name}`
    })
  )
}

/** Only what can differ is said: most tasks ask for accelerators and nothing else that counts. */
const said = (need: Need, only: boolean) =>
  only ? (need.accelerators === undefined ? "none" : acceleratorsText(need.accelerators)) : needInWords(need)

/** What a cluster that has no machine yet is to become: the place that is asked just now may not be its own. */
const searchedFor = (row: ClusterRow): ReadonlyArray<Need> | undefined => {
  const request =
    row.everUp || row.nodes.length > 0 ? undefined : workOf(row).find((one) => one.request?._tag === "LaunchRequested")?.request
  return request?._tag === "LaunchRequested" ? alternativesOf(request.task.resources).items : undefined
}

const imageText = (id: string | null) => (id === null ? "the usual image" : `the image ${id}`)

/** Its machines keep what they began with. What others have begun, and was adopted, nobody knows. */
const isOnImage = (row: ClusterRow, { image_id: asked }: Need): boolean =>
  asked === undefined ||
  dockerImage(asked) !== undefined ||
  row.log !== null ||
  row.nodes.length === 0 ||
  imageAt(asked, row.offer) === imageAt(row.machine.images, row.offer)

/** Whether the cluster can ever give what the task asks of it. */
export const refuseMisfit = (row: ClusterRow, task: RecordedTask) => {
  const misfit = (wanted: string, existing: string, has = "existing") =>
    Result.fail(
      new ResourcesMismatchError({
        message: `The task does not fit ${row.name}: requested ${wanted}, ${has} ${existing}.`,
        hint: `Launch another cluster (sky launch -c NAME), or end this one first: sky down ${row.name}`
      })
    )
  const nodes = numNodesOf(task)
  if (nodes > row.numNodes) return misfit(`${nodes} nodes`, `${row.numNodes}`)
  const { items } = alternativesOf(task.resources)
  const wishes = searchedFor(row)
  if (wishes !== undefined) {
    const inWords = (needs: ReadonlyArray<Need>) => needs.map(needInWords).join(" or ")
    const fits = items.some((need) => wishes.some((wish) => mayFit(need, wish)))
    return fits ? undefined : misfit(inWords(items), inWords(wishes), "what is looked for is")
  }
  const fitting = items.filter((need) => fitsPlace(need, row.offer))
  if (fitting.some((need) => isOnImage(row, need))) return undefined
  if (fitting.length > 0) {
    const images = fitting.map((need) => imageText(imageAt(need.image_id, row.offer)))
    return misfit(images.join(" or "), imageText(imageAt(row.machine.images, row.offer)))
  }
  // A place is on-demand where it is not said, and that counts where one is asked for.
  const bySpot = items.some(({ use_spot: spot }) => spot !== undefined)
  const has = row.offer === null ? {} : { ...needOfPlace(row.offer), ...(bySpot ? { use_spot: row.offer.useSpot } : {}) }
  const only = items.every((need) => fitsPlace({ ...need, accelerators: {} }, row.offer))
  return misfit(`${items.map((need) => said(need, only)).join(" or ")}${only ? " on each node" : ""}`, said(has, only))
}
