/** A task in the words of the golden data, and what of both is compared. */
import { tmpdir } from "node:os"
import { resolve } from "node:path"
import * as Result from "effect/Result"
import type { ClientError } from "../../../sdk/client/ClientError.ts"
import { refuse } from "../../../sdk/task/refuse.ts"
import { alternativesOf } from "../../../task/alternatives.ts"
import { checkWithOffers } from "../../../task/check-offers.ts"
import { cloudDisplay } from "../../../task/clouds.ts"
import { diskGibDefault } from "../../../task/disk.ts"
import { fileMountsOf, storageMountsOf } from "../../../task/mounts.ts"
import type { Need } from "../../../task/Need.ts"
import { canonicalService, type Service } from "../../../task/Service.ts"
import { bucketNameOf, canonicalStorage, type Storage } from "../../../task/Storage.ts"
import { featuresOf, numNodesOf, type Task } from "../../../task/Task.ts"
import { view } from "../view.ts"

const fieldsOf = ({ cloud, disk_size, use_spot, ...rest }: Need) => ({
  ...rest,
  cloud: cloud && cloudDisplay(cloud),
  use_spot: use_spot ?? false,
  use_spot_specified: use_spot !== undefined,
  disk_size: disk_size ?? diskGibDefault
})

const completed = (need: Need): Need => {
  const done = checkWithOffers(need, view, ["aws", "gcp"])
  if (Result.isSuccess(done)) return done.success
  const error: ClientError & { near?: ReadonlyArray<string> } = refuse(done.failure.message, null, done.failure.error)
  if (done.failure.near !== undefined) error.near = done.failure.near
  throw error
}

const storageFields = (storage: Storage) => {
  const { _force_delete, mode, persistent, source, store } = canonicalStorage(storage)
  return {
    name: bucketNameOf(storage),
    source,
    mode,
    persistent,
    stores: store === null ? [] : [store],
    force_delete: _force_delete || undefined
  }
}

const serviceFields = (service: Service) => {
  const { readiness_probe, replica_policy } = canonicalService(service)
  const { upscale_delay_seconds, downscale_delay_seconds } = service.replica_policy ?? {}
  return {
    readiness_path: readiness_probe.path,
    initial_delay_seconds: readiness_probe.initial_delay_seconds,
    post_data: typeof readiness_probe.post_data === "string" ? JSON.parse(readiness_probe.post_data) : readiness_probe.post_data,
    ...replica_policy,
    upscale_delay_seconds,
    downscale_delay_seconds
  }
}

const mapped = <A, B>(values: Readonly<Record<string, A>>, of: (value: A) => B) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, of(value)]))

/** With what it prints once the offers have completed its one request. */
export const describeTask = (task: Task, text: (task: Task) => string) => {
  const { items, kind } = alternativesOf(task.resources)
  const needs = items.map(completed)
  const [input] = Object.entries(task.inputs ?? {})
  const [output] = Object.entries(task.outputs ?? {})
  return {
    name: task.name,
    workdir: task.workdir,
    num_nodes: numNodesOf(task),
    setup: task.setup,
    run: task.run,
    envs: task.envs ?? {},
    event_callback: task.event_callback,
    inputs: input?.[0],
    inputs_gb: input?.[1],
    outputs: output?.[0],
    outputs_gb: output?.[1],
    file_mounts: fileMountsOf(task),
    storage_mounts: mapped(storageMountsOf(task), storageFields),
    service: task.service ? serviceFields(task.service) : undefined,
    features: [...featuresOf(task)],
    use_spot: needs.some((need) => need.use_spot) || undefined,
    resources: { kind: kind === "ordered" ? "list" : "set", items: needs.map(fieldsOf) },
    repr: items.length === 1 ? text({ ...task, resources: needs[0]! }) : undefined
  }
}

type Fields = Readonly<Record<string, unknown>>
const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0
const amount = (value: unknown) =>
  value === undefined || value === null ? null : String(value).replace(/^([\d.]+)/, (number) => String(Number(number)))

const plainItem = ({ docker_login: _, requires_fuse: __, accelerators, cpus, memory, ...rest }: Fields): Fields => ({
  ...rest,
  cpus: amount(cpus),
  memory: amount(memory),
  accelerators: accelerators && mapped(accelerators as Fields, Number)
})

/** Absolute, as we hold them; the original held paths as they were written. */
const placed = (path: unknown): unknown => {
  if (Array.isArray(path)) return path.map(placed)
  if (typeof path !== "string" || /^\w+:\/\//.test(path)) return path
  const inHome = path.replace(/^~(?=\/|$)/, "home")
  return inHome.startsWith("$TMP") ? resolve(tmpdir(), inHome) : resolve(tmpdir(), "$TMP", inHome)
}

/** The order of a set carries none; what follows from the rest, and what is empty, is not compared. */
const plainTask = ({ file_mounts, repr, resources, service, storage_mounts, to_yaml_config: _, workdir, ...given }: Fields): Fields => {
  const rest: Fields = {
    ...given,
    workdir: placed(workdir),
    file_mounts: mapped((file_mounts ?? {}) as Fields, placed),
    storage_mounts: mapped((storage_mounts ?? {}) as Readonly<Record<string, Fields>>, (storage) => ({
      ...storage,
      source: placed(storage["source"])
    }))
  }
  const { items, kind } = resources as { readonly kind: string; readonly items: ReadonlyArray<Fields> }
  const plain = items.map(plainItem)
  const { use_ondemand_fallback: __, ...served } = (service ?? {}) as Fields
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => !isEmpty(value))),
    service: service ? served : null,
    repr:
      typeof repr === "string"
        ? repr.replace("(, ", "(").replaceAll(/(cpus|mem)=([\d.]+?)(?=[+x]?[,)])/g, (_, name, number) => `${name}=${Number(number)}`)
        : repr,
    kind: items.length === 1 ? "one" : kind,
    resources: kind === "list" ? plain : plain.map((item) => JSON.stringify(Object.entries(item).sort())).sort()
  }
}

export const meaning = (out: unknown): unknown => {
  const { dag_name, tasks } = JSON.parse(JSON.stringify(out)) as { readonly dag_name?: unknown; readonly tasks?: ReadonlyArray<Fields> }
  return tasks === undefined ? plainTask(JSON.parse(JSON.stringify(out))) : { dag_name, tasks: tasks.map(plainTask) }
}
