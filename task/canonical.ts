/** A task as it is understood: one form of everything, every default filled in, what asks for nothing left out, secrets struck. Pure. */
import { alternativesOf, together } from "./alternatives.ts"
import { diskGibDefault } from "./disk.ts"
import type { Need } from "./Need.ts"
import { present } from "./present.ts"
import { type CanonicalService, canonicalService } from "./Service.ts"
import { type CanonicalStorage, canonicalStorage } from "./Storage.ts"
import { secretsOf } from "./secrets.ts"
import { numNodesOf, type Task } from "./Task.ts"

const stars = "***"

type Filled = Omit<Need, "use_spot" | "disk_size"> & { readonly use_spot: boolean; readonly disk_size: number }
type Mount = string | Partial<CanonicalStorage>

interface CanonicalTask {
  readonly name?: string
  readonly workdir?: string
  readonly num_nodes: number
  readonly resources: Filled | { readonly any_of: ReadonlyArray<Filled> } | { readonly ordered: ReadonlyArray<Filled> }
  readonly envs?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly file_mounts?: Readonly<Record<string, Mount>>
  readonly setup?: string
  readonly run?: string
  readonly service?: CanonicalService
  readonly event_callback?: string
  readonly inputs?: Readonly<Record<string, number>>
  readonly outputs?: Readonly<Record<string, number>>
  readonly config?: Readonly<Record<string, unknown>>
  readonly experimental?: Readonly<Record<string, unknown>>
}

const filled = (need: Need): Filled => ({ use_spot: false, disk_size: diskGibDefault, ...need })

const filledResources = ({ resources }: Task): CanonicalTask["resources"] => {
  const { items, kind } = alternativesOf(resources)
  return together({ kind, items: items.map(filled) })
}

const mountOf = (mount: NonNullable<Task["file_mounts"]>[string]): Mount => {
  if (typeof mount === "string") return mount
  const { _force_delete, ...storage } = canonicalStorage(mount)
  return present<Partial<CanonicalStorage>>({ ...storage, _force_delete: _force_delete || null })
}

const mapped = <A, B>(values: Readonly<Record<string, A>> | null | undefined, of: (value: A, name: string) => B) => {
  const entries = Object.entries(values ?? {})
  return entries.length === 0 ? undefined : Object.fromEntries(entries.map(([name, value]) => [name, of(value, name)]))
}

export const canonicalTask = (task: Task): CanonicalTask => {
  const hidden = secretsOf(task)
  return present<CanonicalTask>({
    name: task.name,
    workdir: task.workdir,
    num_nodes: numNodesOf(task),
    resources: filledResources(task),
    envs: mapped(task.envs, (value, name) => (Object.hasOwn(hidden, name) ? stars : value)),
    secrets: mapped(task.secrets, () => stars),
    file_mounts: mapped(task.file_mounts, mountOf),
    setup: task.setup,
    run: task.run,
    service: task.service ? canonicalService(task.service) : undefined,
    event_callback: task.event_callback,
    inputs: mapped(task.inputs, (gb) => gb),
    outputs: mapped(task.outputs, (gb) => gb),
    config: task.config,
    experimental: task.experimental
  })
}
