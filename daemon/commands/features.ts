/** What a cluster's cloud lacks for a wish: NotSupportedError, which names the way on (contract, D11). Pure. */
import { NotSupportedError } from "../../sdk/protocol/errors.ts"
import { storageMountsOf } from "../../task/mounts.ts"
import { cut } from "../../task/sentence.ts"
import type { Task } from "../../task/Task.ts"
import type { ClusterFeature } from "../clouds/Offered.ts"

/** Of one cluster: why it lacks the feature; null when it has it. */
export type LackOf = (feature: ClusterFeature) => string | null

export const cannotStop = (name: string, lack: string) =>
  new NotSupportedError({ message: `${name} cannot be stopped: ${lack}.`, hint: `To end it with all its data: sky down ${name}` })

/** `way`: what to type for it. */
export const cannotAutostop = (name: string, lack: string, way: string) =>
  new NotSupportedError({
    message: `${name} cannot be stopped when idle: ${lack}.`,
    hint: `To have it torn down when idle, with all its data: ${way}`
  })

export const cannotStart = (name: string, lack: string) =>
  new NotSupportedError({ message: `${name} cannot be started again: ${lack}.`, hint: `To end it with all its data: sky down ${name}` })

export const cannotMount = (name: string, task: Pick<Task, "file_mounts">, lack: string) =>
  new NotSupportedError({
    message: `file_mounts.${cut(Object.keys(storageMountsOf(task))[0] ?? "")} cannot be mounted on ${name}: ${lack}.`,
    hint: "Have it copied to the disk instead: mode: COPY"
  })
