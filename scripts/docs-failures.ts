/** How each method can fail, for docs/protocol.md: tags of sdk/protocol/errors.ts beside those that any request may have. */
import type { SkydError } from "../sdk/protocol/errors.ts"
import { type CommandName, commands, type MethodName } from "../sdk/protocol/methods.ts"

type Tag = SkydError["_tag"]

const always: ReadonlyArray<Tag> = ["ValueError", "BadFrame", "InternalError"]
const ofCommands: ReadonlyArray<Tag> = [
  "RequestConflict",
  "OperationCancelledError",
  "ReadOnlyError",
  "RuntimeError",
  "AuditError",
  "ClusterOwnerIdentityMismatchError",
  "CloudUserIdentityError"
]
const raising: ReadonlyArray<Tag> = [
  "ClusterNotUpError",
  "NoCloudAccessError",
  "ResourcesUnavailableError",
  "NotSupportedError",
  "CommandError"
]

const own: Readonly<Record<MethodName, ReadonlyArray<Tag>>> = {
  launch: ["InvalidClusterNameError", "ResourcesMismatchError", "StopFailoverError", ...raising],
  exec: ["ClusterDoesNotExist", "ClusterNotUpError", "ResourcesMismatchError", "NotSupportedError", "CommandError"],
  start: ["ClusterDoesNotExist", ...raising],
  stop: ["ClusterDoesNotExist", "ClusterNotUpError", "NotSupportedError"],
  down: ["ClusterDoesNotExist", "NotSupportedError"],
  autostop: ["ClusterDoesNotExist", "ClusterNotUpError", "NotSupportedError"],
  cancel: ["ClusterDoesNotExist", "ClusterNotUpError", "JobDoesNotExist"],
  status: [],
  "cost.report": [],
  queue: ["JobDoesNotExist"],
  logs: ["ClusterDoesNotExist", "JobDoesNotExist", "ClusterNotUpError", "RuntimeError", "CommandError", "OperationCancelledError"],
  events: [],
  "events.follow": [],
  replay: [],
  "replay.verify": [],
  "audit.verify": ["AuditError"],
  "audit.head": ["AuditError"],
  "audit.export": ["AuditError"],
  "audit.diff": ["AuditError"],
  operations: [],
  "operations.cancel": ["OperationDoesNotExist", "NotSupportedError", "ReadOnlyError"],
  check: [],
  optimize: ["NoCloudAccessError", "ResourcesUnavailableError", "ResourcesMismatchError"],
  "gpus.list": ["RuntimeError"],
  "catalog.list": [],
  "catalog.update": [],
  "ssh.list": ["RuntimeError"],
  leaks: ["RuntimeError", "ReadOnlyError"],
  "leaks.end": ["RuntimeError", "ReadOnlyError"],
  "leaks.adopt": ["ClusterDoesNotExist", "RequestConflict", "NotSupportedError", "RuntimeError", "ReadOnlyError"],
  "daemon.status": [],
  "daemon.stop": [],
  "down.unlogged": ["ClusterDoesNotExist", "RuntimeError"],
  describe: []
}

const isCommand = (name: MethodName): name is CommandName => Object.hasOwn(commands, name)

export const failuresOf = (name: MethodName): ReadonlyArray<string> => [
  ...new Set<string>([...own[name], ...(isCommand(name) ? ofCommands : []), ...always, "LimitExceeded"])
]
const said = (tags: ReadonlyArray<string>) => tags.map((tag) => `\`${tag}\``).join(", ")

/** One line under each method. */
export const failureLine = (name: MethodName): string => (own[name].length === 0 ? "" : `Fails besides with ${said(own[name])}.\n`)

export const failuresOfAll = `Any request may fail with ${said([...always, "LimitExceeded"])}, a command besides with ${said(ofCommands)}; each method adds its own.`
