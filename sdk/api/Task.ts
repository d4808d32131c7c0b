/** `sky.Task`: a builder that changes itself over the immutable value of task/. Looks at files. */
import { present } from "../../task/present.ts"
import type { Task as TaskValue } from "../../task/Task.ts"
import { type Maybe, options, shown } from "./arguments.ts"
import { ValueError } from "./exceptions.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"
import { printedAs } from "./printed.ts"
import { allResources, Resources, resourcesOf } from "./Resources.ts"
import { type ResourcesOptions, resourcesFields } from "./resources-options.ts"
import { SkyServiceSpec } from "./SkyServiceSpec.ts"
import { type Storage, storageOf } from "./Storage.ts"
import type { ResourcesChoice, RunFunction, TaskOptions } from "./task-arguments.ts"
import * as take from "./task-arguments.ts"

/**
 * A computation to be run on a cluster. Each `set…` and `update…` method changes the task and returns it, so they can be chained, and
 * throws `ValueError` for what is wrong, with the task as it was before.
 *
 * @example new sky.Task({ setup: "pip install -r requirements.txt", run: "python train.py", workdir: "." })
 */
export class Task {
  #fields: TaskValue = {}
  readonly #run: RunFunction | null
  readonly #blocked: ReadonlyArray<Resources>
  readonly #dockerImage: string

  constructor(given?: Maybe<TaskOptions>) {
    const { blockedResources, dockerImage, envs, eventCallback, name, numNodes, run, secrets, setup, workdir } = options(
      given,
      take.taskNames,
      "Task"
    )
    this.#run = take.runFrom(run)
    this.#blocked = Object.freeze([...allResources(blockedResources ?? [], "blockedResources")])
    if (typeof (dockerImage ?? "") !== "string") throw new ValueError(`dockerImage takes the name of an image, got ${shown(dockerImage)}.`)
    this.#dockerImage = dockerImage ?? take.dockerImageDefault
    this.#change({
      name,
      setup,
      workdir,
      secrets,
      envs: envs && take.withEnvs({}, envs).envs,
      num_nodes: numNodes,
      event_callback: eventCallback,
      run: this.#run === null ? run : undefined
    })
  }

  /**
   * The task that a YAML file describes; an empty file is an empty task. Throws `ValueError`, naming the file and the line.
   */
  static fromYaml(path: string): Task {
    if (typeof path !== "string") throw new ValueError(`fromYaml takes the path of a file, got ${shown(path)}.`)
    const task = new Task()
    task.#fields = present(orException(() => values().taskOfFile(path)))
    return task
  }

  static {
    printedAs(Task.prototype, Task.prototype.toString)
  }

  /** Checked as a whole; the task stays as it was where it does not hold. */
  #set(given: object): this {
    const fields = present({ ...given })
    this.#fields = Object.keys(fields).length === 0 ? {} : orException(() => values().taskFrom(fields))
    return this
  }

  #change(over: object): this {
    return this.#set({ ...this.#fields, ...over })
  }

  get name(): string | null {
    return this.#fields.name ?? null
  }
  get setup(): string | null {
    return this.#fields.setup ?? null
  }
  get run(): string | RunFunction | null {
    return this.#run ?? this.#fields.run ?? null
  }
  get envs(): Record<string, string> {
    return { ...this.#fields.envs }
  }
  get secrets(): Record<string, string> {
    return { ...this.#fields.secrets }
  }
  /** Absolute. */
  get workdir(): string | null {
    return this.#fields.workdir ?? null
  }
  get numNodes(): number {
    return values().numNodesOf(this.#fields)
  }
  get dockerImage(): string {
    return this.#dockerImage
  }
  get eventCallback(): string | null {
    return this.#fields.event_callback ?? null
  }
  get blockedResources(): ReadonlyArray<Resources> {
    return this.#blocked
  }
  /** One, or a choice: a list in order, a Set of equals. */
  get resources(): ResourcesChoice {
    const { items, kind } = values().choiceOf(this.#fields.resources)
    const all = items.map((request) => resourcesOf(request))
    return kind === "one" ? (all[0] ?? new Resources()) : kind === "any" ? new Set(all) : all
  }
  get service(): SkyServiceSpec | null {
    const { service } = this.#fields
    return service ? SkyServiceSpec.fromYamlConfig(service) : null
  }
  /** Absolute sources by target; buckets by their address. */
  get fileMounts(): Record<string, string> {
    return { ...values().fileMountsOf(this.#fields) }
  }
  get storageMounts(): Record<string, Storage> {
    const all = Object.entries(values().storageMountsOf(this.#fields))
    return Object.fromEntries(all.map(([target, storage]) => [target, storageOf(storage)]))
  }

  /** Merges envs into those that are there: an object, or a list of pairs; `null` changes nothing. */
  updateEnvs(envs: Maybe<Readonly<Record<string, string>> | ReadonlyArray<readonly [string, string]>>): this {
    return this.#set(take.withEnvs(this.#fields, envs))
  }

  /** What each node needs. Of an array the first that can be had is taken, of a `Set` the cheapest. Without it the system chooses. */
  setResources(resources: ResourcesChoice): this {
    return this.#change({ resources: take.sectionOf(resources) })
  }

  /** These fields over those of each alternative; a list stays a list and a Set a Set. */
  setResourcesOverride(overrideParams: ResourcesOptions): this {
    const over = resourcesFields(overrideParams, "setResourcesOverride")
    return this.#change({ resources: orException(() => values().overridden(this.#fields.resources, over)) })
  }

  /** `null` takes it back. */
  setService(service: SkyServiceSpec | null): this {
    if (service !== null && service !== undefined && !(service instanceof SkyServiceSpec))
      throw new TypeError(`setService takes a sky.SkyServiceSpec or null, got ${shown(service)}.`)
    return this.#change({ service: service?.toYamlConfig() })
  }

  /**
   * What lies where on the nodes: `{ target: source }`. A source is a file or folder of this machine, or the address of a bucket; the
   * contents of a folder land in the target. Neither ends with a slash. Replaces the former ones; `null` takes them back.
   */
  setFileMounts(fileMounts: Maybe<Readonly<Record<string, string>>>): this {
    return this.#set(values().setFileMounts(this.#fields, take.filesFrom(fileMounts ?? {}, "setFileMounts")))
  }

  /** Merges into the former ones, buckets too: a path holds what is named last. Call it before the launch that is to bring them. */
  updateFileMounts(fileMounts: Readonly<Record<string, string>>): this {
    return this.#set(values().updateMounts(this.#fields, take.filesFrom(fileMounts, "updateFileMounts")))
  }

  /** Buckets by where the nodes see them: `{ path: sky.Storage }`. Replaces the former ones; `null` takes them back. */
  setStorageMounts(storageMounts: Maybe<Readonly<Record<string, Storage>>>): this {
    return this.#set(values().setStorageMounts(this.#fields, take.storagesFrom(storageMounts ?? {}, "setStorageMounts")))
  }

  /** Merges into the former ones, files too: a path holds what is named last. `null` changes nothing. */
  updateStorageMounts(storageMounts: Maybe<Readonly<Record<string, Storage>>>): this {
    return this.#set(values().updateMounts(this.#fields, take.storagesFrom(storageMounts ?? {}, "updateStorageMounts")))
  }

  /** Whether this is a controller of managed jobs or services: never, here. */
  isControllerTask(): boolean {
    return false
  }

  /** Internal: what the task alone needs of a cloud, whatever its resources need. */
  getRequiredCloudFeatures(): Set<string> {
    return new Set(values().featuresOf(this.#fields))
  }

  /** As a task file has it, secrets included. A `run` function is left out. */
  toYamlConfig(): Record<string, unknown> {
    return { ...structuredClone(this.#fields) }
  }

  /** As `toYamlConfig`, with `***` for secrets: for logs. */
  toJSON(): Record<string, unknown> {
    return { ...structuredClone(values().struck(this.#fields)) }
  }

  /** As SkyPilot prints it, in some lines: what runs, on how many nodes, and what each of them needs. */
  toString(): string {
    return values().taskText(this.#fields, this.#run === null ? undefined : "<function>")
  }
}
